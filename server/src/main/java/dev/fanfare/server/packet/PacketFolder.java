package dev.fanfare.server.packet;

import dev.fanfare.server.db.Tx;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of packets as files in a folder, which several servers may share. The name of a file is
 * the hash of the packet's path, so that clients have no influence on file names. A file begins
 * with a line that contains the content type, so that content type and bytes are replaced
 * atomically.
 */
final class PacketFolder implements ByteStore {
  private static final String DRAFTS = "drafts";
  private static final int PART_BYTES = 64 * 1024;

  /** Longer than any upload takes: an older draft is the remainder of a crash. */
  private static final Duration DRAFT_LIFE = Duration.ofDays(1);

  private final Path folder;
  private final Path drafts;

  /**
   * Opens a folder, creating it if necessary, and deletes drafts that crashes left behind.
   *
   * @throws IOException when the folder cannot be used
   */
  PacketFolder(Path folder, Instant now) throws IOException {
    this.folder = folder.toAbsolutePath();
    this.drafts = this.folder.resolve(DRAFTS);
    Files.createDirectories(drafts);
    try (Stream<Path> left = Files.list(drafts)) {
      for (Path draft : left.toList()) {
        if (Files.getLastModifiedTime(draft).toInstant().isBefore(now.minus(DRAFT_LIFE))) {
          Files.deleteIfExists(draft);
        }
      }
    }
  }

  @Override
  public void store(int environmentId, String path, String contentType, byte[] bytes) {
    String name = name(path);
    Path own = folder.resolve(Integer.toString(environmentId));
    Path shelf = own.resolve(shelf(name));
    try {
      Files.createDirectories(shelf);
      Path draft = Files.createTempFile(drafts, "packet", null); // readable by its owner only
      try {
        write(draft, (contentType + "\n").getBytes(StandardCharsets.UTF_8), bytes);
        Files.move(draft, shelf.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(draft);
      }
      for (Path changed : List.of(shelf, own, folder)) {
        force(changed); // otherwise a power failure can lose the new directory entry
      }
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static void write(Path draft, byte[] head, byte[] bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      for (byte[] part : List.of(head, bytes)) {
        ByteBuffer left = ByteBuffer.wrap(part);
        while (left.hasRemaining()) {
          channel.write(left);
        }
      }
      channel.force(true);
    }
  }

  private static void force(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public @Nullable StoredBytes read(int environmentId, String path) {
    try {
      FileChannel channel = FileChannel.open(file(environmentId, path), StandardOpenOption.READ);
      try {
        // The open file stays readable when an upload replaces it meanwhile.
        InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
        byte[] head = line(in);
        return new StoredBytes(
            new String(head, StandardCharsets.UTF_8),
            channel.size() - head.length - 1,
            out -> copy(in, out));
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static byte[] line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("The file has no content type");
      }
      line.write(b);
    }
    return line.toByteArray();
  }

  private void copy(InputStream in, OutputStream out) {
    byte[] part = new byte[PART_BYTES];
    try (in;
        out) {
      for (int length = read(in, part); length >= 0; length = read(in, part)) {
        out.write(part, 0, length);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int read(InputStream in, byte[] part) {
    try {
      return in.read(part);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  @Override
  public boolean has(int environmentId, String path) {
    return Files.exists(file(environmentId, path));
  }

  @Override
  public void delete(Tx tx, List<String> paths) {
    try {
      for (String path : paths) {
        Files.deleteIfExists(file(tx.environmentId(), path));
      }
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private Path file(int environmentId, String path) {
    String name = name(path);
    return folder.resolve(Integer.toString(environmentId)).resolve(shelf(name)).resolve(name);
  }

  private static String name(String path) {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(hash.digest(path.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java has it
    }
  }

  /** The subfolder of a file: 256 of them keep each short enough to list. */
  private static String shelf(String name) {
    return name.substring(0, 2);
  }

  /** Not an {@link UncheckedIOException}, which means that the client's connection failed. */
  private IllegalStateException unusable(IOException cause) {
    return new IllegalStateException("The folder of packets cannot be used: " + folder, cause);
  }
}

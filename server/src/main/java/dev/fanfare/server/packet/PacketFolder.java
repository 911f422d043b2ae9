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
 * Packets as files of a folder, which several servers may share. A file is named by the hash of its
 * path, so nothing that a client sends is ever part of a file's name. It begins with a line that
 * holds the content type; both are replaced in one step.
 */
final class PacketFolder implements ByteStore {
  private static final String DRAFTS = "drafts";

  /** No upload takes so long: a draft this old was left behind by a crash. */
  private static final Duration DRAFT_LIFE = Duration.ofDays(1);

  private final Path folder;
  private final Path drafts;

  /**
   * Opens a folder, which is made when it is not there, and clears it of what crashes left behind.
   *
   * @throws IOException when it cannot be used
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
      Path draft = Files.createTempFile(drafts, "packet", null); // for its owner only
      try {
        write(draft, (contentType + "\n").getBytes(StandardCharsets.UTF_8), bytes);
        Files.move(draft, shelf.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(draft);
      }
      for (Path changed : List.of(shelf, own, folder)) {
        force(changed); // a name that is not on the disk is lost with the power
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
        // One open file: whoever replaces it meanwhile replaces another.
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
        throw new IOException("a file without a content type");
      }
      line.write(b);
    }
    return line.toByteArray();
  }

  private static void copy(InputStream in, OutputStream out) {
    try (in;
        out) {
      in.transferTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  /** Files are spread over 256 folders, because a person may want to list one. */
  private static String shelf(String name) {
    return name.substring(0, 2);
  }

  /** Not an {@link UncheckedIOException}: that would be the client's connection. */
  private IllegalStateException unusable(IOException cause) {
    return new IllegalStateException("The folder of packets cannot be used: " + folder, cause);
  }
}

package dev.fanfare.server.http;

import io.helidon.common.socket.HelidonSocket;
import io.helidon.webserver.ServerConnectionException;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a connection. If its first request has HTTP/1.0, its head becomes one of HTTP/1.1
 * that closes the connection, as HTTP/1.0 does by default. Bytes of HTTP/1.1 pass unchanged.
 * Confined to the thread of the connection.
 *
 * <p>The end of the input shows that the client has gone. Only a read finds it, so {@link
 * #hasEnded} lets another thread read ahead.
 */
final class RequestHeads implements Supplier<byte[]> {
  /** More than the server accepts: longer heads pass, and are refused. */
  private static final int HEAD_BYTES_MAX = 64 * 1024;

  private static final String OLD = " HTTP/1.0";
  private static final String END = "\r\n\r\n";

  private final HelidonSocket socket;
  private boolean begun;
  private boolean http10;

  /** The next bytes, if another thread reads them. */
  private @Nullable CompletableFuture<byte @Nullable []> ahead;

  RequestHeads(HelidonSocket socket) {
    this.socket = socket;
  }

  boolean isHttp10() {
    return http10;
  }

  /** The next bytes; {@code null} at the end. */
  @Override
  public byte @Nullable [] get() {
    byte[] bytes = read();
    if (begun || bytes == null) {
      return bytes;
    }
    begun = true;
    ByteArrayOutputStream head = new ByteArrayOutputStream(bytes.length);
    head.writeBytes(bytes);
    String text = text(head);
    while (isUnfinished(text) && head.size() < HEAD_BYTES_MAX) {
      bytes = read();
      if (bytes == null) {
        break;
      }
      head.writeBytes(bytes);
      text = text(head);
    }
    return firstLine(text).endsWith(OLD) && text.contains(END)
        ? converted(text).getBytes(StandardCharsets.ISO_8859_1)
        : head.toByteArray();
  }

  /**
   * Whether the client has closed the connection, or its sending half. The first call begins to
   * look, so it returns false.
   */
  boolean hasEnded() {
    CompletableFuture<byte @Nullable []> next = ahead;
    if (next == null) {
      ahead =
          CompletableFuture.<byte @Nullable []>supplyAsync(
              this::receive, task -> Thread.ofVirtual().name("read-ahead").start(task));
      return false;
    }
    return switch (next.state()) {
      case SUCCESS -> next.resultNow() == null;
      case FAILED -> !(next.exceptionNow().getCause() instanceof SocketTimeoutException);
      case RUNNING, CANCELLED -> false;
    };
  }

  private byte @Nullable [] read() {
    CompletableFuture<byte @Nullable []> next = ahead;
    ahead = null;
    try {
      return next == null ? receive() : next.get();
    } catch (UncheckedIOException | ExecutionException e) {
      throw new ServerConnectionException("Cannot read from the client", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerConnectionException("The server closes the connection", e);
    }
  }

  private byte @Nullable [] receive() {
    return socket.get();
  }

  private static String text(ByteArrayOutputStream head) {
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  /** Whether the protocol is not known yet, or the head is one of HTTP/1.0 and has no end yet. */
  private static boolean isUnfinished(String text) {
    return text.indexOf('\n') < 0 || (firstLine(text).endsWith(OLD) && !text.contains(END));
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  private String converted(String text) {
    http10 = true;
    int end = text.indexOf(END) + END.length();
    StringBuilder head = new StringBuilder();
    boolean host = false;
    for (String line : text.substring(0, end - END.length()).split("\r\n", -1)) {
      String name = line.split(":", 2)[0].strip().toLowerCase(Locale.ROOT);
      host |= name.equals("host");
      if (head.isEmpty()) {
        head.append(line, 0, line.length() - 1).append("1\r\nConnection: close\r\n");
      } else if (!name.equals("connection") && !name.equals("keep-alive")) {
        head.append(line).append("\r\n");
      }
    }
    if (!host) {
      head.append("Host: localhost\r\n"); // HTTP/1.0 needs none
    }
    return head.append("\r\n").append(text, end, text.length()).toString();
  }
}

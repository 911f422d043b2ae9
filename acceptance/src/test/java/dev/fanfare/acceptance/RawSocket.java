package dev.fanfare.acceptance;

import dev.fanfare.protocol.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A bare socket, for requests that no decent client would send. For one thread. */
final class RawSocket implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Socket socket;
  private final InputStream in;

  private RawSocket(Socket socket) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
  }

  static RawSocket to(URI server) {
    try {
      Socket socket = new Socket(server.getHost(), server.getPort());
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket.setTcpNoDelay(true);
      return new RawSocket(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An answer; the names of its headers are taken in any case. */
  record Answer(int status, Map<String, String> headers, String body) {
    String error() {
      return WireJson.mapper().readTree(body).path("error").asString();
    }
  }

  /** Sends one byte for each character; that the server has hung up shows when one reads. */
  RawSocket send(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
    } catch (IOException e) {
      // refused half way: the answer may be there all the same
    }
    return this;
  }

  /** Says that nothing more will come. */
  RawSocket endOutput() {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      // the server hung up first
    }
    return this;
  }

  /**
   * The next answer, or {@code null} when the server closed the connection instead.
   *
   * @throws AssertionError when it does neither in time
   */
  @Nullable Answer read() {
    try {
      String statusLine = line();
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
      int length = Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
      byte[] body = in.readNBytes(length);
      if (body.length < length) {
        throw new EOFException();
      }
      return new Answer(
          Integer.parseInt(statusLine.split(" ", 3)[1]),
          headers,
          new String(body, StandardCharsets.UTF_8));
    } catch (SocketTimeoutException e) {
      throw new AssertionError("The server neither answered nor hung up", e);
    } catch (IOException e) {
      return null;
    }
  }

  private String line() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException();
      }
      out.write(b);
    }
    return out.toString(StandardCharsets.ISO_8859_1).stripTrailing();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // nothing left to close
    }
  }
}

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

/** A raw socket, for requests that no HTTP client sends. Not thread-safe. */
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

  /** A response; its header names are case-insensitive. */
  record Answer(int status, Map<String, String> headers, String body) {
    String error() {
      return WireJson.mapper().readTree(body).path("error").asString();
    }
  }

  /** Sends one byte per character. A connection closed by the server shows at the next read. */
  RawSocket send(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
    } catch (IOException e) {
      // the server rejected the request halfway; its response may still be readable
    }
    return this;
  }

  /** Whether the server has closed the connection; sends a byte to find out. */
  boolean isHungUp() {
    try {
      socket.getOutputStream().write('\n');
      socket.getOutputStream().flush();
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  /** Closes the sending side of the connection. */
  RawSocket endOutput() {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      // the server closed the connection first
    }
    return this;
  }

  /**
   * Reads the next response; returns {@code null} if the server closed the connection instead.
   *
   * @throws AssertionError if neither happens in time
   */
  @Nullable Answer read() {
    return readHeadAndBody(true);
  }

  private @Nullable Answer readHeadAndBody(boolean hasBody) {
    try {
      String statusLine = line();
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
      int length = hasBody ? Integer.parseInt(headers.getOrDefault("Content-Length", "0")) : 0;
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

  /** Reads the head of the next response, which has no body. */
  Answer readHead() {
    Answer answer = readHeadAndBody(false);
    if (answer == null) {
      throw new AssertionError("The server hung up");
    }
    return answer;
  }

  /** Reads until the server closes the connection. */
  String readToEnd() {
    try {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (SocketTimeoutException e) {
      throw new AssertionError("The server did not hang up", e);
    } catch (IOException e) {
      return "";
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
      // already closed
    }
  }
}

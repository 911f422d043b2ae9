package dev.fanfare.acceptance.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Clients that send a request, or a part of one, and then neither send nor read any more, until
 * they are closed.
 */
final class SilentClients implements AutoCloseable {
  private static final int RECEIVED_BYTES_MAX = 4 * 1024;
  private static final int ANSWER_MILLIS_MAX = 30_000;

  private final URI server;
  private final List<Socket> sockets = new ArrayList<>();

  SilentClients(URI server) {
    this.server = server;
  }

  /** The head of a request with the key; a body of {@code length} bytes is announced. */
  static String head(String method, String path, long length) {
    return """
    %s %s HTTP/1.1\r
    Host: localhost\r
    Authorization: Bearer %s\r
    Content-Type: %s\r
    Content-Length: %s\r
    \r
    """
        .formatted(
            method,
            path,
            Processes.KEY,
            path.endsWith("/items") ? "application/x-ndjson" : "application/json",
            length);
  }

  /** Adds clients that send this, and waits a while until they have. */
  SilentClients send(int count, String head, @Nullable LongBody body) throws InterruptedException {
    CountDownLatch sent = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      Socket socket = connect();
      Thread.ofVirtual()
          .start(() -> {
            write(socket, head, body);
            sent.countDown();
          });
    }
    // A server that refuses a request does not read all of it.
    sent.await(2, TimeUnit.SECONDS);
    return this;
  }

  /** Adds connections that have got an answer and stay open. */
  SilentClients idle(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Socket socket = connect();
      socket.setSoTimeout(ANSWER_MILLIS_MAX);
      write(socket, head("GET", "/health/live", 0), null);
      if (socket.getInputStream().read() < 0) {
        throw new IOException("No answer on connection " + i);
      }
    }
    return this;
  }

  private Socket connect() {
    try {
      Socket socket = new Socket();
      socket.setReceiveBufferSize(RECEIVED_BYTES_MAX);
      socket.connect(new InetSocketAddress(server.getHost(), server.getPort()));
      sockets.add(socket);
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Socket socket, String head, @Nullable LongBody body) {
    try {
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.ISO_8859_1));
      if (body != null) {
        try (InputStream in = body.stream()) {
          in.transferTo(out);
        }
      }
    } catch (IOException e) {
      // the server refused the request and closed the connection, or the test ended
    }
  }

  @Override
  public void close() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}

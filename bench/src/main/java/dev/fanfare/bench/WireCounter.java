package dev.fanfare.bench;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A proxy between a server and its PostgreSQL that counts round trips and executed statements,
 * including {@code BEGIN} and {@code COMMIT}. It adds latency, so nothing is timed through it.
 */
final class WireCounter implements AutoCloseable {
  private static final int BACKLOG = 64;

  private final ServerSocket listening;
  private final int target;
  private final AtomicLong roundTrips = new AtomicLong();
  private final AtomicLong statements = new AtomicLong();

  private WireCounter(ServerSocket listening, int target) {
    this.listening = listening;
    this.target = target;
  }

  /** Starts a proxy to the PostgreSQL at the local port {@code target}. */
  static WireCounter start(int target) throws IOException {
    WireCounter counter =
        new WireCounter(new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress()), target);
    Thread.ofVirtual().start(counter::accept);
    return counter;
  }

  int port() {
    return listening.getLocalPort();
  }

  /** The counts so far. */
  record Count(long roundTrips, long statements) {
    Count since(Count earlier) {
      return new Count(roundTrips - earlier.roundTrips, statements - earlier.statements);
    }
  }

  Count count() {
    return new Count(roundTrips.get(), statements.get());
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
        client.setTcpNoDelay(true);
        database.setTcpNoDelay(true);
        Thread.ofVirtual().start(() -> pass(client, database, true));
        Thread.ofVirtual().start(() -> pass(database, client, false));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void pass(Socket from, Socket to, boolean counted) {
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      if (counted) {
        passCounted(new DataInputStream(new BufferedInputStream(in)), out);
      } else {
        in.transferTo(out);
      }
    } catch (IOException e) {
      // one side closed its connection; the other is closed too
    }
  }

  /** The first message has no type; every later one consists of a type, a length and a body. */
  private void passCounted(DataInputStream in, OutputStream out) throws IOException {
    int length = in.readInt();
    out.write(ByteBuffer.allocate(length).putInt(length).put(in.readNBytes(length - 4)).array());
    for (int type = in.read(); type >= 0; type = in.read()) {
      length = in.readInt();
      byte[] body = in.readNBytes(length - 4);
      switch (type) {
        case 'S' -> roundTrips.incrementAndGet();
        case 'E' -> statements.incrementAndGet();
        case 'Q' -> {
          statements.incrementAndGet();
          // The driver sends BEGIN together with the next statement.
          if (!new String(body, StandardCharsets.US_ASCII).startsWith("BEGIN")) {
            roundTrips.incrementAndGet();
          }
        }
        default -> {}
      }
      out.write(ByteBuffer.allocate(length + 1).put((byte) type).putInt(length).put(body).array());
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}

package dev.fanfare.testkit;

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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands between a server and its PostgreSQL, lets everything pass, and counts: how often the
 * server waits for an answer, and how many statements it executes, {@code BEGIN} and {@code COMMIT}
 * among them. It slows things down, so nothing is timed through it. Safe for use by many threads.
 */
public final class WireCounter implements AutoCloseable {
  private static final int BACKLOG = 64;
  private static final int TRANSACTIONS_MAX = 10_000;
  private static final int ENCRYPTION_REQUEST_LENGTH = 8;

  private final ServerSocket listening;
  private final int target;
  private final AtomicLong roundTrips = new AtomicLong();
  private final AtomicLong statements = new AtomicLong();
  private final ConcurrentLinkedQueue<Transaction> transactions = new ConcurrentLinkedQueue<>();
  private final AtomicLong kept = new AtomicLong();

  private WireCounter(ServerSocket listening, int target) {
    this.listening = listening;
    this.target = target;
  }

  /**
   * Counts what goes to the PostgreSQL at this port of this machine.
   *
   * @throws IOException when there is no free port
   */
  public static WireCounter start(int target) throws IOException {
    WireCounter counter =
        new WireCounter(new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress()), target);
    Thread.ofVirtual().start(counter::accept);
    return counter;
  }

  /** Where it listens, on the loopback address. */
  public int port() {
    return listening.getLocalPort();
  }

  /** Counts so far. */
  public record Count(long roundTrips, long statements) {
    /** What came after an earlier count. */
    public Count since(Count earlier) {
      return new Count(roundTrips - earlier.roundTrips, statements - earlier.statements);
    }
  }

  /** What passed since the start, on all connections. */
  public Count count() {
    return new Count(roundTrips.get(), statements.get());
  }

  /**
   * A transaction that was committed or rolled back.
   *
   * @param statements their texts in order, without {@code BEGIN}, {@code COMMIT} and {@code
   *     ROLLBACK}
   * @param roundTrips from its begin to its end, with the one of its end
   */
  public record Transaction(List<String> statements, int roundTrips) {}

  /**
   * The transactions that ended since this was last called, in the order of their ends; of more
   * than 10,000 the first. A transaction is there before its end was answered.
   */
  public List<Transaction> takeTransactions() {
    List<Transaction> taken = new ArrayList<>();
    for (Transaction next = transactions.poll(); next != null; next = transactions.poll()) {
      kept.decrementAndGet();
      taken.add(next);
    }
    return taken;
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
      // one of both hung up, and so does the other
    }
  }

  /**
   * The first message has no type, nor has a question for encryption before it; each later one is a
   * type, its length and its body.
   */
  private void passCounted(DataInputStream in, OutputStream out) throws IOException {
    int length;
    do {
      length = in.readInt();
      out.write(ByteBuffer.allocate(length).putInt(length).put(in.readNBytes(length - 4)).array());
    } while (length == ENCRYPTION_REQUEST_LENGTH);
    Connection connection = new Connection();
    for (int type = in.read(); type >= 0; type = in.read()) {
      length = in.readInt();
      byte[] body = in.readNBytes(length - 4);
      connection.count(type, body);
      out.write(ByteBuffer.allocate(length + 1).put((byte) type).putInt(length).put(body).array());
    }
  }

  /** What one connection prepared, and where it is. Belongs to the thread that passes its bytes. */
  private final class Connection {
    private final Map<String, String> prepared = new HashMap<>();
    private final Map<String, String> bound = new HashMap<>();
    private final List<String> texts = new ArrayList<>();
    private int trips;
    private boolean ending;

    void count(int type, byte[] body) {
      switch (type) {
        case 'P' -> prepared.put(text(body, 0), text(body, 1));
        case 'B' -> bound.put(text(body, 0), prepared.getOrDefault(text(body, 1), ""));
        case 'E' -> executed(bound.getOrDefault(text(body, 0), ""));
        case 'S' -> answered();
        case 'Q' -> {
          String sql = text(body, 0);
          executed(sql);
          // The driver sends BEGIN along with the statement that follows.
          if (!sql.startsWith("BEGIN")) {
            answered();
          }
        }
        default -> {}
      }
    }

    /** The text at the beginning of a message, or the one behind so many. */
    private String text(byte[] body, int skipped) {
      int begin = 0;
      for (int texts = 0; texts < skipped; texts++) {
        begin = end(body, begin) + 1;
      }
      return new String(body, begin, end(body, begin) - begin, StandardCharsets.UTF_8);
    }

    private int end(byte[] body, int begin) {
      int end = begin;
      while (body[end] != 0) {
        end++;
      }
      return end;
    }

    private void executed(String sql) {
      statements.incrementAndGet();
      if (sql.startsWith("BEGIN")) {
        texts.clear();
        trips = 0;
      } else if (sql.startsWith("COMMIT") || sql.startsWith("ROLLBACK")) {
        ending = true;
      } else {
        texts.add(sql);
      }
    }

    private void answered() {
      roundTrips.incrementAndGet();
      trips++;
      if (ending) {
        ending = false;
        if (kept.incrementAndGet() <= TRANSACTIONS_MAX) {
          transactions.add(new Transaction(List.copyOf(texts), trips));
        } else {
          kept.decrementAndGet();
        }
        texts.clear();
        trips = 0;
      }
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}

package dev.fanfare.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between a server and its PostgreSQL, and lets the path between them fail: it refuses
 * connections, or swallows what is sent without a word, as a broken network does. Thread-safe.
 */
public final class DatabaseProxy implements AutoCloseable {
  private static final int BACKLOG = 64;
  private static final int BUFFER = 16 * 1024;
  private static final Duration BOUND = Duration.ofSeconds(30);

  private final int target;
  private final int port;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();

  /** Guarded by this: null while connections are refused. */
  private ServerSocket listening;

  private volatile boolean silent;

  private DatabaseProxy(int target) throws IOException {
    this.target = target;
    this.listening = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    this.port = listening.getLocalPort();
  }

  /** A pair of sockets. */
  private static final class Link {
    final Socket client;
    final Socket database;
    volatile boolean silent;

    Link(Socket client, Socket database, boolean silent) {
      this.client = client;
      this.database = database;
      this.silent = silent;
    }

    void close() {
      for (Socket socket : new Socket[] {client, database}) {
        try {
          socket.close();
        } catch (IOException e) {
          // it is closed as well as can be
        }
      }
    }
  }

  /**
   * Passes connections on to the PostgreSQL at this port of this machine.
   *
   * @throws IOException when there is no free port
   */
  public static DatabaseProxy start(int target) throws IOException {
    DatabaseProxy proxy = new DatabaseProxy(target);
    proxy.listen(proxy.listening);
    return proxy;
  }

  /** Where it listens, on the loopback address, whenever it accepts connections. */
  public int port() {
    return port;
  }

  /** Closes all connections, and refuses new ones. */
  public synchronized void refuse() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    // The port stays open for a moment, until the thread that accepts connections has noticed.
    Await.until("port " + port + " to be closed", BOUND, this::isRefused);
    links.forEach(Link::close);
  }

  private boolean isRefused() throws IOException {
    try {
      new Socket(InetAddress.getLoopbackAddress(), port).close();
      return false;
    } catch (ConnectException e) {
      return true;
    }
  }

  /** Swallows whatever is sent, on open and on new connections. */
  public void silence() {
    silent = true;
    silenceOpenConnections();
  }

  /** Swallows whatever is sent on the connections that are open now; new ones work. */
  public void silenceOpenConnections() {
    links.forEach(link -> link.silent = true);
  }

  /** Accepts new connections, and passes on what they send. */
  public synchronized void accept() {
    silent = false;
    if (!listening.isClosed()) {
      return;
    }
    Await.until(
        "port " + port + " to be free again",
        BOUND,
        () -> {
          ServerSocket again = new ServerSocket();
          again.setReuseAddress(true);
          again.bind(
              new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
          listening = again;
          return true;
        });
    listen(listening);
  }

  private void listen(ServerSocket socket) {
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              Socket client = socket.accept();
              Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
              client.setTcpNoDelay(true);
              database.setTcpNoDelay(true);
              Link link = new Link(client, database, silent);
              links.add(link);
              if (socket.isClosed()) {
                link.close(); // accepted just before
              }
              Thread.ofVirtual().start(() -> pass(link, client, database));
              Thread.ofVirtual().start(() -> pass(link, database, client));
            }
          } catch (IOException e) {
            // closed
          }
        });
  }

  /** A silent link never closes by itself, since nobody would hear of it. */
  private void pass(Link link, Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        if (!link.silent) {
          out.write(buffer, 0, length);
          out.flush();
        }
      }
    } catch (IOException e) {
      // one of both hung up
    } finally {
      if (!link.silent) {
        link.close();
        links.remove(link);
      }
    }
  }

  @Override
  public synchronized void close() throws IOException {
    listening.close();
    links.forEach(Link::close);
  }
}

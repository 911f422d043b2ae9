package dev.fanfare.server.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/**
 * A connection of a client. Requests are parsed by Helidon, which knows HTTP/1.1 only: a request
 * with HTTP/1.0 reaches it as one with HTTP/1.1 that closes the connection, and is answered here.
 */
final class ClientConnection implements ServerConnection, InterruptableTask<Void> {
  /** The connection whose request the current thread handles. */
  private static final ScopedValue<ClientConnection> CURRENT = ScopedValue.newInstance();

  private final ConnectionContext context;
  private final Connections all;
  private final RequestHeads heads;
  private final TimedWriter writer;
  private final ServerConnection http;
  private final long openedNanos = System.nanoTime();
  private volatile boolean crowded;

  ClientConnection(ConnectionContext context, Http1ConnectionSelector selector, Connections all) {
    this.context = context;
    this.all = all;
    this.heads = new RequestHeads(context.serverSocket());
    this.writer = new TimedWriter(context.dataWriter());
    this.http = selector.connection(new Wrapped(context, DataReader.create(heads), writer));
  }

  /** The connection whose request the current thread handles; there must be one. */
  static ClientConnection current() {
    return CURRENT.get();
  }

  @Override
  public void handle(Limit limit) throws InterruptedException {
    crowded = all.add(this);
    try {
      ScopedValue.where(CURRENT, this)
          .call(() -> {
            http.handle(limit);
            return null;
          });
    } finally {
      all.remove(this);
    }
  }

  /** Whether the client speaks HTTP/1.0, which has no chunked answers. */
  boolean isHttp10() {
    return heads.isHttp10();
  }

  /** Whether the client has gone; see {@link RequestHeads#hasEnded}. */
  boolean hasEnded() {
    return heads.hasEnded();
  }

  /** Where answers go that Helidon does not write. */
  TimedWriter writer() {
    return writer;
  }

  /** Whether there are too many connections to serve this one. */
  boolean isCrowded() {
    return crowded;
  }

  boolean isCrowdedSince(Duration time) {
    return crowded && System.nanoTime() - openedNanos > time.toNanos();
  }

  /** Whether the client has not read anything for this time although something is sent to it. */
  boolean isWritingSince(Duration time) {
    return writer.isWritingSince(time);
  }

  /** Closes the socket, which ends whatever its thread waits for. */
  void closeSocket() {
    try {
      context.serverSocket().close();
    } catch (RuntimeException e) {
      // its own thread closed it first
    }
  }

  @Override
  public Duration idleTime() {
    return http.idleTime();
  }

  @Override
  public void close(boolean interrupt) {
    http.close(interrupt);
  }

  @Override
  public boolean canInterrupt() {
    return http instanceof InterruptableTask<?> task && task.canInterrupt();
  }

  @Override
  public void run() {
    throw new UnsupportedOperationException("A connection is handled");
  }

  /** The context of a connection, with another reader and writer. */
  private record Wrapped(ConnectionContext context, DataReader dataReader, DataWriter dataWriter)
      implements ConnectionContext {
    @Override
    public ListenerContext listenerContext() {
      return context.listenerContext();
    }

    @Override
    public ExecutorService executor() {
      return context.executor();
    }

    @Override
    public Router router() {
      return context.router();
    }

    @Override
    public Optional<ProxyProtocolData> proxyProtocolData() {
      return context.proxyProtocolData();
    }

    @Override
    public HelidonSocket serverSocket() {
      return context.serverSocket();
    }

    @Override
    public PeerInfo remotePeer() {
      return context.remotePeer();
    }

    @Override
    public PeerInfo localPeer() {
      return context.localPeer();
    }

    @Override
    public boolean isSecure() {
      return context.isSecure();
    }

    @Override
    public String socketId() {
      return context.socketId();
    }

    @Override
    public String childSocketId() {
      return context.childSocketId();
    }
  }
}

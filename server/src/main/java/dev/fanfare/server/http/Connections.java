package dev.fanfare.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of clients. It closes those whose client does not read its answer, and those
 * beyond the maximum soon after they were accepted: until then, they can ask for the health of the
 * server. Thread-safe.
 */
final class Connections implements ServerConnectionSelector {
  private static final Logger log = LoggerFactory.getLogger(Connections.class);
  private static final Duration LOOK = Duration.ofMillis(500);

  /** How long a connection beyond the maximum may take. */
  private static final Duration CROWDED_LIFE = Duration.ofSeconds(5);

  private final Http1ConnectionSelector http;
  private final int max;
  private final Duration writeTimeout;
  private final Set<ClientConnection> open = ConcurrentHashMap.newKeySet();
  private volatile boolean watching = true;

  /**
   * @param max the number of connections that are served
   * @param writeTimeout how long a client may not read what the server sends
   */
  Connections(Http1Config config, int max, Duration writeTimeout) {
    this.http = Http1ConnectionSelector.builder().config(config).build();
    this.max = max;
    this.writeTimeout = writeTimeout;
  }

  /** Starts to watch the connections. */
  void start() {
    Thread.ofVirtual().name("fanfare-connections").start(this::watch);
  }

  void stop() {
    watching = false;
  }

  @Override
  public int bytesToIdentifyConnection() {
    return 0;
  }

  @Override
  public Support supports(BufferData data) {
    return Support.SUPPORTED;
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    return new ClientConnection(context, http, this);
  }

  /** Adds a connection; returns whether it is beyond the maximum. */
  boolean add(ClientConnection connection) {
    open.add(connection);
    return open.size() > max;
  }

  void remove(ClientConnection connection) {
    open.remove(connection);
  }

  private void watch() {
    while (watching) {
      LockSupport.parkNanos(LOOK.toNanos());
      for (ClientConnection connection : open) {
        if (connection.isWritingSince(writeTimeout)) {
          log.info(
              "A client did not read its answer for {}: its connection is closed", writeTimeout);
          connection.closeSocket();
        } else if (connection.isCrowdedSince(CROWDED_LIFE)) {
          connection.closeSocket();
        }
      }
    }
  }
}

package dev.fanfare.server;

import dev.fanfare.server.config.ServerConfig;
import java.net.URI;

/** Stands in until the server is merged: the shape that the command line is written against. */
public final class Server implements AutoCloseable {
  private final ServerConfig config;

  private Server(ServerConfig config) {
    this.config = config;
  }

  /** Starts a server; returns when it is ready. */
  public static Server start(ServerConfig config) {
    return new Server(config);
  }

  /** Where it listens. */
  public URI url() {
    return URI.create("http://%s:%d".formatted(config.host(), config.port()));
  }

  /** The secret key of the development environment. */
  public String developmentKey() {
    return "";
  }

  /** Drains, then stops. */
  @Override
  public void close() {}
}

package dev.fanfare.server.http;

import io.helidon.common.socket.SocketOptions;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The options of accepted connections. Helidon's own have a read timeout that no accepted
 * connection is given: a client that falls silent would hold its thread, and its share of the body
 * budget, for minutes.
 */
record ReadTimeout(Duration readTimeout) implements SocketOptions {

  @Override
  public void configureSocket(SocketChannel socket) {
    SocketOptions.super.configureSocket(socket);
    try {
      long millis = Math.clamp(readTimeout.toMillis(), 1, Integer.MAX_VALUE); // 0 would be for ever
      socket.socket().setSoTimeout((int) millis);
    } catch (SocketException e) {
      // The client is gone already; the first read finds out.
    }
  }

  @Override
  public Map<SocketOption<?>, Object> socketOptions() {
    return Map.of(
        // Nagle's algorithm would hold our second segment for 40 ms of delayed ACK.
        StandardSocketOptions.TCP_NODELAY, true,
        StandardSocketOptions.SO_KEEPALIVE, true);
  }

  @Override
  public Duration connectTimeout() {
    return readTimeout; // of outgoing connections, which there are none of
  }

  @Override
  public Optional<Integer> socketReceiveBufferSize() {
    return Optional.empty();
  }

  @Override
  public Optional<Integer> socketSendBufferSize() {
    return Optional.empty();
  }

  @Override
  public boolean socketReuseAddress() {
    return true;
  }

  @Override
  public boolean socketKeepAlive() {
    return true;
  }

  @Override
  public boolean tcpNoDelay() {
    return true;
  }
}

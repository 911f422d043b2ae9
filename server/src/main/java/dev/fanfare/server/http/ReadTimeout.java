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
 * Socket options of accepted connections, with a read timeout. Helidon does not apply the read
 * timeout of its own options to accepted connections: a silent client would hold its thread and its
 * share of the body budget for minutes.
 */
record ReadTimeout(Duration readTimeout) implements SocketOptions {

  @Override
  public void configureSocket(SocketChannel socket) {
    SocketOptions.super.configureSocket(socket);
    try {
      long millis =
          Math.clamp(readTimeout.toMillis(), 1, Integer.MAX_VALUE); // 0 would mean no timeout
      socket.socket().setSoTimeout((int) millis);
    } catch (SocketException e) {
      // The client has disconnected; the first read reports it.
    }
  }

  @Override
  public Map<SocketOption<?>, Object> socketOptions() {
    return Map.of(
        // With Nagle's algorithm, the second segment would wait 40 ms for a delayed ACK.
        StandardSocketOptions.TCP_NODELAY, true,
        StandardSocketOptions.SO_KEEPALIVE, true);
  }

  @Override
  public Duration connectTimeout() {
    return readTimeout; // unused: for outgoing connections only
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

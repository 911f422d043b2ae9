package dev.fanfare.server.http;

import java.time.Duration;

/**
 * The edge's settings.
 *
 * @param host the address to listen on
 * @param port the port; 0 takes any free one
 * @param bodiesInFlightBytesMax how many bytes of bodies all requests may hold together
 * @param readTimeout how long a client may stay silent within a request, and a connection idle
 * @param shutdownGrace how long requests in flight may take to end when the server stops
 */
public record HttpConfig(
    String host,
    int port,
    long bodiesInFlightBytesMax,
    Duration readTimeout,
    Duration shutdownGrace) {}

package dev.fanfare.sdk.internal;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The connections to the server. A connection that is kept for the next call may be dead without a
 * sign, and usually all of them are: a firewall forgot them, or the server's machine is gone. So
 * after a call that got no response in time, the next one begins with new connections. Safe for use
 * by many threads.
 */
final class Connections {
  private final Duration connectTimeout;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private HttpClient client; // guarded by lock, as is the next
  private long sinceNanos;

  Connections(Duration connectTimeout) {
    this.connectTimeout = connectTimeout;
    this.client = open();
    this.sinceNanos = System.nanoTime();
  }

  private HttpClient open() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(connectTimeout)
        .build();
  }

  /** Sends a request. */
  CompletableFuture<HttpResponse<byte[]>> send(HttpRequest request, Transport.Listener listener) {
    lock.readLock().lock(); // so that the client is not shut down in between
    try {
      return client.sendAsync(request, info -> new HeardBody(listener));
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Leaves the kept connections, because a request got no response in time. Requests that are being
   * sent end on the connections on which they began.
   *
   * @param sentNanos when the request was sent
   */
  void timedOut(long sentNanos) {
    lock.writeLock().lock();
    try {
      if (sentNanos - sinceNanos >= 0) { // otherwise they are left already
        client.shutdown(); // does not wait
        client = open();
        sinceNanos = System.nanoTime();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}

package dev.fanfare.sdk.internal;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

  /**
   * Sends a request. To cancel the result ends it.
   *
   * <p>The client completes its own future in the common pool, which callers may have filled with
   * blocking work, and then no call would end. So a response comes straight from its reader.
   */
  CompletableFuture<Response> send(HttpRequest request, Transport.Listener listener) {
    CompletableFuture<Response> response = new CompletableFuture<>();
    CompletableFuture<HttpResponse<byte[]>> sent;
    lock.readLock().lock(); // so that the client is not shut down in between
    try {
      sent = client.sendAsync(request, info -> new ResponseReader(info, listener, response));
    } finally {
      lock.readLock().unlock();
    }
    CompletionStage<HttpResponse<byte[]>> sending = sent;
    sending.whenComplete((whole, failure) -> {
      if (failure != null) {
        response.completeExceptionally(failure);
      }
    });
    CompletionStage<Response> result = response;
    result.whenComplete((whole, failure) -> {
      if (response.isCancelled()) {
        sent.cancel(true);
      }
    });
    return response;
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

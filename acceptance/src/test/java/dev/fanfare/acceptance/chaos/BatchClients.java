package dev.fanfare.acceptance.chaos;

import static dev.fanfare.sdk.TriggerOptions.options;

import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.BatchOptions;
import dev.fanfare.sdk.ConnectionException;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Clients that trigger one batch after another until the server is unreachable. Each batch is sent
 * once, without retries, so every response counts. Each batch has a unique tag, which identifies it
 * even if its response is lost.
 */
final class BatchClients {
  static final int ITEMS = 10;

  private final String prefix;

  /** The result of each call: the response or the exception. */
  private final Map<String, Object> results = new ConcurrentHashMap<>();

  private volatile boolean stopped;
  private final AtomicInteger calls = new AtomicInteger();
  private final ConcurrentLinkedQueue<Thread> threads = new ConcurrentLinkedQueue<>();

  private BatchClients(String prefix) {
    this.prefix = prefix;
  }

  static BatchClients start(Fanfare fanfare, int clients) {
    return start("", fanfare, clients);
  }

  /**
   * Starts clients.
   *
   * @param prefix the beginning of their tags, if others had clients before
   */
  static BatchClients start(String prefix, Fanfare fanfare, int clients) {
    BatchClients all = new BatchClients(prefix);
    for (int i = 0; i < clients; i++) {
      all.threads.add(Thread.ofPlatform().start(() -> all.work(fanfare)));
    }
    return all;
  }

  private void work(Fanfare fanfare) {
    while (!stopped) {
      String tag = prefix + "call-" + calls.incrementAndGet();
      try {
        results.put(
            tag,
            fanfare.batchTrigger(
                "echo",
                IntStream.range(0, ITEMS).boxed().toList(),
                item -> options().tag(tag),
                BatchOptions.none()));
      } catch (ConnectionException e) {
        results.put(tag, e);
        return;
      } catch (ApiException.Unavailable e) {
        results.put(tag, e); // the server rejected the call; it may be gone at the next one
      } catch (RuntimeException e) {
        results.put(tag, e);
        return;
      }
    }
  }

  /** Waits until this many batches were acknowledged. */
  void awaitAcknowledged(int batches) {
    Await.until(
        batches + " acknowledged batches",
        Duration.ofSeconds(30),
        () -> acknowledged().size() >= batches);
  }

  /** Makes the pending calls the last ones. */
  void stop() {
    stopped = true;
  }

  /** Waits until every client has given up. */
  void awaitEnd() {
    Await.until(
        "the clients to end",
        Duration.ofSeconds(30),
        () -> threads.stream().noneMatch(Thread::isAlive));
  }

  /** The tags of the batches that were acknowledged. */
  List<String> acknowledged() {
    return tags(BatchHandle.class);
  }

  /** The tags of the calls that the server rejected. */
  List<String> refused() {
    return tags(ApiException.class);
  }

  /** The tags of the calls that got no response. */
  List<String> unanswered() {
    return tags(ConnectionException.class);
  }

  private List<String> tags(Class<?> result) {
    return results.entrySet().stream()
        .filter(e -> result.isInstance(e.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Failures that no client should see, whatever happens to a server. */
  List<Object> surprises() {
    return results.values().stream()
        .filter(result ->
            !(result instanceof BatchHandle)
                && !(result instanceof ConnectionException)
                && !(result instanceof ApiException.Unavailable))
        .toList();
  }
}

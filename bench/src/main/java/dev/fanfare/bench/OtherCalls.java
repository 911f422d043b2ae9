package dev.fanfare.bench;

import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.RunFilter;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.TriggerOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A steady load of calls that plain batches do not make: keys, tags, metadata, delays, cancels,
 * failures, reads and lists. The worker's process executes the runs.
 */
final class OtherCalls implements AutoCloseable {
  private static final int ROUNDS_PER_SECOND = 8;
  private static final int ROUNDS_PER_LIST = 4;
  private static final Duration LATER = Duration.ofSeconds(2);
  private static final String TASK = Tasks.SINCE.id();
  private static final RawJson INVALID = new RawJson("\"not a time\"");

  private final Fanfare client;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final AtomicLong calls = new AtomicLong();
  private final Future<?> loop;
  private volatile boolean stopping;

  private OtherCalls(Fanfare client) {
    this.client = client;
    this.loop = thread.submit(this::callAtPace);
  }

  static OtherCalls start(Fanfare client) {
    return new OtherCalls(client);
  }

  private @Nullable Void callAtPace() throws InterruptedException {
    Pace pace = new Pace(ROUNDS_PER_SECOND);
    for (int round = 0; !stopping; round++) {
      pace.await();
      trigger(round);
      if (round % ROUNDS_PER_LIST == 0) {
        list(round);
      }
    }
    return null;
  }

  private void trigger(int round) {
    String tag = "round:" + round % 100;
    Tasks.Sent now = new Tasks.Sent(Tasks.nowMicros());
    client.trigger(TASK, now);
    client.trigger(TASK, INVALID); // fails
    RunHandle run =
        client.trigger(
            TASK,
            now,
            TriggerOptions.options()
                .tag(tag)
                .metadata(List.of(round))
                .concurrencyKey("customer " + round % 1_000)
                .idempotencyKey("round " + round)
                .idempotencyKeyTtl(Duration.ofMinutes(1)));
    RunHandle delayed = client.trigger(TASK, now, TriggerOptions.options().delay(LATER));
    if (round % 2 == 0) {
      client.runs().cancel(delayed.id());
    }
    BatchHandle batch = client.batchTrigger(TASK, List.of(now, now, now));
    client.runs().retrieve(run.id());
    client.batches().retrieve(batch.id());
    calls.addAndGet(8);
  }

  private void list(int round) {
    client.runs().page(RunFilter.all().tag("round:" + round % 100), null);
    client.runs().page(RunFilter.all().task(TASK), null);
    calls.addAndGet(2);
  }

  /** How many calls were made since the last time; fails if one did. */
  long take() throws ExecutionException, InterruptedException {
    if (loop.isDone()) {
      loop.get();
    }
    return calls.getAndSet(0);
  }

  @Override
  public void close() {
    stopping = true;
    thread.close();
  }
}

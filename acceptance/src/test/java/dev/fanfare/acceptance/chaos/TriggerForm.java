package dev.fanfare.acceptance.chaos;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.chaos.Load.Acknowledged;
import dev.fanfare.examples.DemoTasks;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.BatchItem;
import dev.fanfare.sdk.BatchOptions;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.TriggerOptions;
import dev.fanfare.sdk.Worker;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * The forms in which an application triggers runs; each takes another way to the database. The
 * payload of each run says which call and which item it is of.
 */
enum TriggerForm {
  /** A batch of one task without options. */
  PLAIN {
    @Override
    List<Acknowledged> trigger(Fanfare fanfare, String op, Draw draw) {
      List<String> payloads = payloads(op, items(draw, 1_000), "");
      return List.of(acknowledged(op, fanfare.batchTrigger(TASKS.getFirst(), payloads)));
    }
  },

  /** A batch with a key, whose items have keys and tags. Sent again, it returns the same runs. */
  KEYED {
    @Override
    List<Acknowledged> trigger(Fanfare fanfare, String op, Draw draw) {
      return List.of(acknowledged(op, keyed(fanfare, op, items(draw, 200))));
    }

    @Override
    void assertRepeatable(Fanfare fanfare, Acknowledged call) {
      BatchHandle again = keyed(fanfare, call.op(), call.runIds().size());
      assertThat(again.isCached()).as("the batch of a repeated key existed").isTrue();
      assertThat(again.id()).isEqualTo(call.batchId());
      assertThat(again.runIds()).isEqualTo(call.runIds());
    }

    private BatchHandle keyed(Fanfare fanfare, String op, int items) {
      return fanfare.batchTrigger(
          TASKS.getFirst(),
          payloads(op, items, ""),
          payload -> options().idempotencyKey(payload).tag(op),
          BatchOptions.idempotencyKey(op));
    }
  },

  /** A batch of all tasks, into queues and lanes that are mentioned for the first time. */
  MANY_TASKS {
    @Override
    List<Acknowledged> trigger(Fanfare fanfare, String op, Draw draw) {
      List<String> payloads = payloads(op, items(draw, 400), "");
      List<BatchItem> items =
          IntStream.range(0, payloads.size())
              .mapToObj(i -> BatchItem.of(task(i), payloads.get(i), lane(op, i)))
              .toList();
      return List.of(acknowledged(op, fanfare.batchTrigger(items)));
    }

    private Task<String, String> task(int item) {
      return TASKS.get(item % TASKS.size());
    }

    private TriggerOptions lane(String op, int item) {
      return options().queue(op).concurrencyKey("key-" + item % 7);
    }
  },

  /** Single triggers at once, which share transactions. */
  SINGLES {
    @Override
    List<Acknowledged> trigger(Fanfare fanfare, String op, Draw draw) {
      List<CompletableFuture<Acknowledged>> calls =
          IntStream.range(0, items(draw, 40))
              .mapToObj(i -> fanfare.async(f -> single(f, op + "-" + i)))
              .toList();
      return calls.stream().map(CompletableFuture::join).toList();
    }

    private Acknowledged single(Fanfare fanfare, String op) {
      RunHandle run = fanfare.trigger(TASKS.getFirst(), payloads(op, 1, "").getFirst());
      return new Acknowledged(op, null, List.of(run.id()));
    }
  },

  /** A streamed batch, sealed. With long payloads, its items arrive in several parts. */
  STREAMED {
    @Override
    List<Acknowledged> trigger(Fanfare fanfare, String op, Draw draw) {
      int items = 1_000 + items(draw, 1_000); // fewer would be sent as a plain batch
      String filler = draw.chance(0.5) ? "long".repeat(1_000) : "";
      BatchHandle batch =
          fanfare.batchTrigger(TASKS.getFirst(), payloads(op, items, filler).stream());
      return List.of(new Acknowledged(op, batch.id(), UNKNOWN));
    }
  };

  /** The run ids of a call whose response does not contain them. */
  static final List<String> UNKNOWN = List.of();

  private static final List<Task<String, String>> TASKS =
      IntStream.range(0, 4).mapToObj(i -> returning("form-" + i)).toList();

  /**
   * Triggers runs, and returns when all of them are acknowledged.
   *
   * @param op the name of the call, different from all others
   */
  abstract List<Acknowledged> trigger(Fanfare fanfare, String op, Draw draw);

  /** Asserts that the same call returns the same runs again, if it has a key. */
  void assertRepeatable(Fanfare fanfare, Acknowledged call) {}

  /** Starts a worker that executes the runs of all forms, and of {@link BatchClients}. */
  static Worker work(Fanfare fanfare, int slots) {
    Worker.Builder worker = Worker.builder(fanfare).slots(slots).task(DemoTasks.ECHO);
    TASKS.forEach(worker::task);
    return worker.start();
  }

  /** How the payload of an item begins. */
  static String beginning(String op, int item) {
    return op + "/" + item + "/";
  }

  private static Task<String, String> returning(String id) {
    return Task.define(id, String.class, String.class).handler((payload, run) -> id);
  }

  private static List<String> payloads(String op, int items, String filler) {
    return IntStream.range(0, items).mapToObj(i -> beginning(op, i) + filler).toList();
  }

  private static int items(Draw draw, int max) {
    return Math.toIntExact(draw.millis(1, max));
  }

  private static Acknowledged acknowledged(String op, BatchHandle batch) {
    return new Acknowledged(op, batch.id(), batch.runIds());
  }
}

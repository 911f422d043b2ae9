package dev.fanfare.acceptance.chaos;

import dev.fanfare.acceptance.chaos.Caller.Call;
import dev.fanfare.acceptance.chaos.Caller.Unacknowledged;
import dev.fanfare.acceptance.chaos.ChaosWorker.Work;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.FanfareException;
import dev.fanfare.sdk.TriggerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Clients that trigger runs of every kind in every dialect, and repeat each call until it is
 * acknowledged. Thread-safe.
 */
final class Load implements AutoCloseable {
  private static final int CLIENTS = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(200);

  /** The first letter of a call whose runs may be canceled. */
  static final char CANCELED = 'x';

  /** The first letter of a call whose runs may expire. */
  static final char EXPIRING = 'e';

  /**
   * An acknowledged call.
   *
   * @param op its name, which is in the payload of each of its runs
   * @param batchId its batch; null: a single run
   * @param runIds its runs as the response named them, in the order of the items
   */
  record Acknowledged(String op, @Nullable String batchId, List<String> runIds) {}

  private final Caller caller;
  private final List<Fanfare> sdks;
  private final Findings findings;
  private final ReentrantReadWriteLock pausing = new ReentrantReadWriteLock(true);
  private final AtomicInteger calls = new AtomicInteger();
  private final List<Acknowledged> acknowledged = new ArrayList<>(); // guarded by itself
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;
  private volatile @Nullable String lastSingle;

  private Load(Cluster cluster, Caller caller, Findings findings) {
    this.caller = caller;
    this.findings = findings;
    this.sdks =
        cluster.urls().stream()
            .map(url ->
                Fanfare.builder().url(url.toString()).secretKey(Processes.KEY).maxTries(2).build())
            .toList();
  }

  static Load start(Cluster cluster, Caller caller, Findings findings, SplittableRandom random) {
    Load load = new Load(cluster, caller, findings);
    for (int i = 0; i < CLIENTS; i++) {
      Draw draw = new Draw(random.split());
      load.threads.add(Thread.ofPlatform().daemon().name("client").start(() -> load.work(draw)));
    }
    return load;
  }

  /** Lets all clients finish their calls, and makes no more until {@link #resume}. */
  void pause() throws InterruptedException {
    if (!pausing.writeLock().tryLock(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("A client did not end its call");
    }
  }

  void resume() {
    pausing.writeLock().unlock();
  }

  /** The calls that were acknowledged since the last time. */
  List<Acknowledged> take() {
    synchronized (acknowledged) {
      List<Acknowledged> taken = List.copyOf(acknowledged);
      acknowledged.clear();
      return taken;
    }
  }

  private void work(Draw draw) {
    while (!closed) {
      pausing.readLock().lock();
      try {
        call(draw);
      } catch (Unacknowledged e) {
        // a finding says so
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        findings.add("a client failed: " + e);
      } finally {
        pausing.readLock().unlock();
      }
      try {
        Draw.sleep(Duration.ofMillis(draw.millis(20, 100)));
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void call(Draw draw) throws Unacknowledged, InterruptedException {
    String number = Integer.toString(calls.incrementAndGet());
    switch ((int) draw.millis(0, 12)) {
      case 0, 1 -> bySdk("k" + number, draw);
      case 2 -> single("s" + number, ChaosWorker.WORK, work("s" + number, draw), Map.of(), draw);
      case 3 -> batchOfOneTask("b" + number, draw);
      case 4 -> batchOfTasks("m" + number, "/api/v1/tasks/batch", draw);
      case 5 -> batchOfTasks("v" + number, "/api/v2/tasks/batch", draw);
      case 6 -> streamed("t" + number, draw);
      case 7 -> delayed("d" + number, draw);
      case 8 -> expiring(EXPIRING + number, draw);
      case 9 -> canceled(CANCELED + number, draw);
      case 10 -> single("p" + number, ChaosWorker.PARENT, work("p" + number, draw), Map.of(), draw);
      case 11 -> replay("r" + number, draw);
      default -> slow("l" + number, draw);
    }
  }

  private static Work work(String op, Draw draw) {
    return new Work(op, 0, draw.millis(0, 60), failures(draw));
  }

  private static int failures(Draw draw) {
    return draw.chance(0.85) ? 0 : (int) draw.millis(1, ChaosWorker.ATTEMPTS);
  }

  /** With an idempotency key, which a failed run would free. */
  private void bySdk(String op, Draw draw) throws InterruptedException {
    Work work = new Work(op, 0, draw.millis(0, 60), draw.chance(0.9) ? 0 : 1);
    TriggerOptions options = TriggerOptions.options().idempotencyKey(op).tag(op);
    String first = bySdk(work, options, draw);
    acknowledge(op, null, List.of(first));
    lastSingle = first;
    if (draw.chance(0.3)) {
      expectSame(op, List.of(first), List.of(bySdk(work, options, draw)));
    }
  }

  private String bySdk(Work work, TriggerOptions options, Draw draw) throws InterruptedException {
    while (true) {
      try {
        return draw.of(sdks).trigger(ChaosWorker.WORK, work, options).id();
      } catch (FanfareException e) {
        if (e instanceof ApiException answer && !isTransient(answer.status())) {
          findings.add("%d to the SDK, key '%s': %s".formatted(answer.status(), work.op(), e));
        }
        Draw.sleep(Duration.ofMillis(50));
      }
    }
  }

  private static boolean isTransient(int status) {
    return status == 503 || status == Caller.INCOMPLETE;
  }

  private String single(String op, String task, Work work, Map<String, ?> options, Draw draw)
      throws Unacknowledged, InterruptedException {
    Call call =
        Call.post(
            "/api/v1/tasks/" + task + "/trigger", op, Map.of("payload", work, "options", options));
    String id = caller.send(call, draw).path("id").asString();
    acknowledge(op, null, List.of(id));
    if (draw.chance(0.3)) {
      expectSame(op, List.of(id), List.of(caller.send(call, draw).path("id").asString()));
    }
    return id;
  }

  private void batchOfOneTask(String op, Draw draw) throws Unacknowledged, InterruptedException {
    List<Map<String, Object>> items =
        works(op, draw).stream().map(work -> Map.<String, Object>of("payload", work)).toList();
    batch(op, Call.post("/api/v1/tasks/work/batch", op, Map.of("items", items)), draw);
  }

  private void batchOfTasks(String op, String path, Draw draw)
      throws Unacknowledged, InterruptedException {
    List<Map<String, Object>> items =
        works(op, draw).stream().map(work -> item(work, draw)).toList();
    batch(op, Call.post(path, op, Map.of("items", items)), draw);
  }

  private void batch(String op, Call call, Draw draw) throws Unacknowledged, InterruptedException {
    JsonNode response = caller.send(call, draw);
    String batch = response.path("id").asString();
    List<String> runs =
        response.has("runIds") ? texts(response.path("runIds")) : runsOf(batch, draw);
    acknowledge(op, batch, runs);
    if (draw.chance(0.3)) {
      String again = caller.send(call, draw).path("id").asString();
      expectSame(op, List.of(batch), List.of(again));
      expectSame(op, runs, runsOf(again, draw));
    }
  }

  private void streamed(String op, Draw draw) throws Unacknowledged, InterruptedException {
    List<Map<String, Object>> items =
        works(op, draw).stream().map(work -> item(work, draw)).toList();
    Call create =
        Call.post("/api/v3/batches", op, Map.of("runCount", items.size(), "idempotencyKey", op));
    String batch = caller.send(create, draw).path("id").asString();
    String lines =
        items.stream()
            .map(item -> WireJson.mapper().writeValueAsString(item))
            .collect(Collectors.joining("\n", "", "\n"));
    Call stream = new Call("POST", "/api/v3/batches/" + batch + "/items", "", lines);
    if (!caller.send(stream, draw).path("sealed").asBoolean()) {
      findings.add(op + ": a whole stream was acknowledged, but did not seal its batch " + batch);
      return;
    }
    acknowledge(op, batch, runsOf(batch, draw));
    if (draw.chance(0.3)) {
      String again = caller.send(create, draw).path("id").asString();
      expectSame(op, List.of(batch), List.of(again));
    }
  }

  private static Map<String, Object> item(Work work, Draw draw) {
    Map<String, Object> item = new HashMap<>();
    item.put("index", work.index());
    item.put("payload", work);
    item.put("task", ChaosWorker.WORK);
    if (draw.chance(0.3)) {
      item.put("task", ChaosWorker.NARROW);
      item.put("options", Map.of("concurrencyKey", draw.of(List.of("a", "b", "c"))));
    } else if (draw.chance(0.2) && work.failures() < ChaosWorker.ATTEMPTS) {
      item.put("options", Map.of("idempotencyKey", work.op() + "-" + work.index()));
    }
    return item;
  }

  private static List<Work> works(String op, Draw draw) {
    long items = draw.chance(0.05) ? 200 : draw.millis(1, 25);
    return IntStream.range(0, Math.toIntExact(items))
        .mapToObj(i -> new Work(op, i, draw.millis(0, 60), failures(draw)))
        .toList();
  }

  private List<String> runsOf(String batch, Draw draw) throws Unacknowledged, InterruptedException {
    return texts(caller.send(Call.get("/api/v2/batches/" + batch), draw).path("runs"));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asString()));
    return texts;
  }

  private void delayed(String op, Draw draw) throws Unacknowledged, InterruptedException {
    single(op, ChaosWorker.WORK, work(op, draw), Map.of("delay", "1s"), draw);
  }

  private void expiring(String op, Draw draw) throws Unacknowledged, InterruptedException {
    Map<String, Object> options = Map.of("ttl", "1s", "concurrencyKey", "a");
    single(op, ChaosWorker.NARROW, new Work(op, 0, draw.millis(0, 200), 0), options, draw);
  }

  private void canceled(String op, Draw draw) throws Unacknowledged, InterruptedException {
    Work work = new Work(op, 0, draw.millis(0, 2_000), 0);
    String run = single(op, ChaosWorker.WORK, work, Map.of(), draw);
    caller.send(Call.post("/api/v2/runs/" + run + "/cancel", "", Map.of()), draw);
  }

  private void replay(String op, Draw draw) throws Unacknowledged, InterruptedException {
    String old = lastSingle;
    if (old == null) {
      return;
    }
    Map<String, Object> changes =
        Map.of("payload", new Work(op, 0, draw.millis(0, 60), 0), "idempotencyKey", op);
    Call call = Call.post("/api/v1/runs/" + old + "/replay", op, changes);
    acknowledge(op, null, List.of(caller.send(call, draw).path("id").asString()));
  }

  /** Runs that are still executing when the fault is over. */
  private void slow(String op, Draw draw) throws Unacknowledged, InterruptedException {
    if (draw.chance(0.5)) {
      single(op, ChaosWorker.WORK, new Work(op, 0, draw.millis(500, 3_000), 0), Map.of(), draw);
    }
  }

  private void acknowledge(String op, @Nullable String batchId, List<String> runIds) {
    synchronized (acknowledged) {
      acknowledged.add(new Acknowledged(op, batchId, runIds));
    }
  }

  private void expectSame(String op, List<String> first, List<String> again) {
    if (!first.equals(again)) {
      findings.add(op + ": the repeated call was answered " + again + " instead of " + first);
    }
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
  }
}

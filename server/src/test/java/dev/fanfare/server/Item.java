package dev.fanfare.server;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** What a test triggers: a task, and the options that matter to the test. */
public final class Item {
  public static final Duration KEY_LIFE = Duration.ofDays(30);

  private final String task;
  private String payload;
  private String payloadType;
  private String queue;
  private String lockToVersion;
  private String concurrencyKey = "";
  private NewRun.Key key;
  private NewRun.Debounce debounce;
  private Instant delayUntil;
  private Duration ttl;
  private long priorityMillis;
  private Integer maxAttempts;
  private Duration maxDuration;
  private List<String> tags = List.of();
  private String metadata;
  private NamedParent parent;
  private String options;
  private RunError failure;
  private boolean test;

  private Item(String task) {
    this.task = task;
  }

  public static Item of(String task) {
    return new Item(task);
  }

  public Item payload(String json) {
    payload = json;
    return this;
  }

  public Item ttl(Duration time) {
    ttl = time;
    return this;
  }

  public Item payloadType(String type) {
    payloadType = type;
    return this;
  }

  public Item queue(String name) {
    queue = name;
    return this;
  }

  public Item lockToVersion(String version) {
    lockToVersion = version;
    return this;
  }

  public Item concurrencyKey(String text) {
    concurrencyKey = text;
    return this;
  }

  public Item key(String text) {
    return key(text, KEY_LIFE);
  }

  public Item key(String text, Duration life) {
    key = new NewRun.Key(text, life);
    return this;
  }

  public Item debounce(String text, Duration delay) {
    debounce = new NewRun.Debounce(text, delay, false, null);
    return this;
  }

  /** The longest time that this trigger lets a debounced run wait. */
  public Item maxDelay(Duration maxDelay) {
    debounce = new NewRun.Debounce(debounce.key(), debounce.delay(), false, maxDelay);
    return this;
  }

  /** In trailing mode, the debounced run takes over the data of this trigger. */
  public Item trailing() {
    debounce = new NewRun.Debounce(debounce.key(), debounce.delay(), true, debounce.maxDelay());
    return this;
  }

  /** Options that are stored without an effect on the server, as JSON text. */
  public Item options(String json) {
    options = json;
    return this;
  }

  public Item delayUntil(Instant time) {
    delayUntil = time;
    return this;
  }

  public Item priority(Duration span) {
    priorityMillis = span.toMillis();
    return this;
  }

  public Item maxAttempts(int n) {
    maxAttempts = n;
    return this;
  }

  public Item maxDuration(Duration span) {
    maxDuration = span;
    return this;
  }

  public Item tags(String... sorted) {
    tags = List.of(sorted);
    return this;
  }

  public Item metadata(String json) {
    metadata = json;
    return this;
  }

  public Item parent(UUID runId) {
    parent = new NamedParent(runId, false);
    return this;
  }

  /** A child that its parent waits for. */
  public Item awaitedBy(UUID runId) {
    parent = new NamedParent(runId, true);
    return this;
  }

  /** Makes the item a run that failed at its creation. */
  public Item failure(RunError error) {
    failure = error;
    return this;
  }

  public Item test() {
    test = true;
    return this;
  }

  public NewRun toRun() {
    return NewRun.of(task)
        .payload(payload)
        .payloadType(payloadType)
        .queue(queue)
        .lockToVersion(lockToVersion)
        .concurrencyKey(concurrencyKey)
        .key(key)
        .debounce(debounce)
        .delayUntil(delayUntil)
        .ttl(ttl)
        .priorityMillis(priorityMillis)
        .maxAttempts(maxAttempts)
        .maxDuration(maxDuration)
        .tags(tags)
        .metadata(metadata)
        .options(options)
        .parent(parent)
        .failure(failure)
        .test(test)
        .build();
  }
}

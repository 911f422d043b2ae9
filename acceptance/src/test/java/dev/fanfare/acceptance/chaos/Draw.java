package dev.fanfare.acceptance.chaos;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The random choices of one fault: its victim, its duration. It also describes them, for people.
 * Thread-safe.
 */
final class Draw {
  private final SplittableRandom random;
  private final StringJoiner description = new StringJoiner(", ");

  Draw(SplittableRandom random) {
    this.random = random;
  }

  /** Further choices, whose number does not change those that follow here. */
  synchronized Draw split() {
    return new Draw(random.split());
  }

  synchronized int server() {
    int server = random.nextInt(Cluster.SERVERS);
    description.add("server " + server);
    return server;
  }

  synchronized int worker() {
    int worker = random.nextInt(Cluster.WORKERS);
    description.add("worker " + worker);
    return worker;
  }

  synchronized <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  /** One of the choices, which the description names. */
  synchronized String named(List<String> choices) {
    String choice = of(choices);
    description.add(choice);
    return choice;
  }

  synchronized boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  synchronized long millis(long from, long to) {
    return random.nextLong(from, to + 1);
  }

  /** Waits a random time, which is part of the fault. */
  void pause(long fromMillis, long toMillis) throws InterruptedException {
    long millis = millis(fromMillis, toMillis);
    synchronized (this) {
      description.add("%d.%d s".formatted(millis / 1_000, millis % 1_000 / 100));
    }
    Draw.sleep(Duration.ofMillis(millis));
  }

  /** Lets the time pass that a fault lasts. */
  static void sleep(Duration duration) throws InterruptedException {
    new CountDownLatch(1).await(duration.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The victims and durations that were chosen. */
  @Override
  public synchronized String toString() {
    return description.toString();
  }
}

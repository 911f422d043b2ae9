package dev.fanfare.server.config;

import dev.fanfare.server.config.RequestMemory.Decoding;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * A condition on a readable value of a setting.
 *
 * @param requirement what follows "must" in documentation, such as {@code be positive}
 * @param check finds values that break the rule
 */
record Rule<V>(String requirement, Check<V> check) {
  /** Checks a value; may compare it with other settings. */
  interface Check<V> {
    /** What follows "must" in the error text; null when the value is valid. */
    @Nullable String problem(V value, ServerConfig config);
  }

  static final Rule<String> NOT_BLANK = of("not be blank", text -> !text.isBlank(), text -> "");

  static final Rule<Duration> POSITIVE = duration("be positive", Duration::isPositive);

  static final Rule<Duration> NOT_NEGATIVE =
      duration("not be negative", value -> !value.isNegative());

  static Rule<Integer> atLeast(int min) {
    return of("be at least " + min, value -> value >= min, value -> ", not " + value);
  }

  static Rule<Integer> between(int min, int max) {
    return of(
        "be from %s to %s".formatted(min, max),
        value -> value >= min && value <= max,
        value -> ", not " + value);
  }

  static Rule<Duration> atLeast(Duration min) {
    return duration("be at least " + Syntax.show(min), value -> value.compareTo(min) >= 0);
  }

  static Rule<Duration> between(Duration min, Duration max) {
    return duration(
        "be from %s to %s".formatted(Syntax.show(min), Syntax.show(max)),
        value -> value.compareTo(min) >= 0 && value.compareTo(max) <= 0);
  }

  /** The {@code amount} of a value must be no less than any of the {@code floors}. */
  static <V> Rule<V> atLeast(ToLongFunction<V> amount, List<Setting<Integer>> floors) {
    String names = floors.stream().map(Setting::name).collect(Collectors.joining(", "));
    return new Rule<>(
        "be at least " + names,
        (value, config) -> {
          long given = amount.applyAsLong(value);
          for (Setting<Integer> floor : floors) {
            int min = config.get(floor);
            if (given < min) {
              return "be at least %s (%s), not %s".formatted(floor.name(), min, given);
            }
          }
          return null;
        });
  }

  /** The number must be no more than {@code rate} lets through at once. */
  static Rule<Integer> withinBurst(Setting<Rate> rate) {
    return new Rule<>(
        "be at most what %s has before the plus".formatted(rate.name()),
        (value, config) -> {
          Rate limit = config.get(rate);
          return limit.isNone() || value <= limit.burst()
              ? null
              : "be at most what %s has before the plus (%s), not %s"
                  .formatted(rate.name(), limit.burst(), value);
        });
  }

  /** A body of this many bytes must fit into the heap together with what is made of it. */
  static <V extends Number> Rule<V> fitsHeap(Decoding decoding) {
    return new Rule<>(
        "fit into the heap",
        (value, config) -> {
          long memory = RequestMemory.ofOne();
          long cost = decoding.cost(value.longValue());
          return cost <= memory
              ? null
              : "fit into the heap: %s take up to %s of memory, and a heap of %s has %s for one request. Set at most %s, or a larger heap: -Xmx%sm or more in FANFARE_JAVA_OPTS"
                  .formatted(
                      mib(value.longValue()),
                      mib(cost),
                      mib(Runtime.getRuntime().maxMemory()),
                      mib(memory),
                      mib(decoding.largest(memory)),
                      RequestMemory.heapMiB(cost));
        });
  }

  private static String mib(long bytes) {
    return bytes / (1024 * 1024) + "MiB";
  }

  /** Both this rule and another one. */
  Rule<V> and(Rule<V> other) {
    return new Rule<>(
        requirement + " and " + other.requirement.replaceFirst("^be ", ""),
        (value, config) -> {
          String problem = check.problem(value, config);
          return problem != null ? problem : other.check.problem(value, config);
        });
  }

  /** The setting means nothing without {@code other}. */
  static <V> Rule<V> onlyWith(Setting<?> other) {
    String requirement = "be set only together with " + other.name();
    return new Rule<>(
        requirement, (value, config) -> config.get(other) == null ? requirement : null);
  }

  /** The text must match; {@code form} describes the pattern. It may be a secret. */
  static Rule<String> matching(Pattern pattern, String form) {
    return of("be " + form, text -> pattern.matcher(text).matches(), text -> "");
  }

  static Rule<SecretKey> keyBytes(int count) {
    return of(
        "be %s bytes long".formatted(count), key -> key.getEncoded().length == count, key -> "");
  }

  private static Rule<Duration> duration(String requirement, Predicate<Duration> holds) {
    return of(requirement, holds, value -> ", not " + Syntax.show(value));
  }

  private static <V> Rule<V> of(
      String requirement, Predicate<V> holds, Function<V, String> ending) {
    return new Rule<>(
        requirement,
        (value, config) -> holds.test(value) ? null : requirement + ending.apply(value));
  }
}

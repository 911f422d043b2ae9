package dev.fanfare.examples;

import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.Task;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tasks of the demo worker. They do little, and some fail on purpose. */
public final class DemoTasks {
  private static final Retry SHORT =
      Retry.exponential()
          .minDelay(Duration.ofMillis(50))
          .maxDelay(Duration.ofMillis(500))
          .maxAttempts(3);

  private DemoTasks() {}

  /** The payload of {@code send-email}; only the address is used. */
  public record Email(String to, @Nullable String subject, @Nullable String body) {}

  /** The output of {@code send-email}. */
  public record Delivered(boolean delivered, String to) {}

  /** The payload of {@code send-slack}. */
  public record SlackMessage(String channel, @Nullable String message) {}

  /** The output of {@code send-slack}. */
  public record Posted(boolean posted, String channel) {}

  /** The payload of {@code slow}: how long to sleep, in milliseconds. */
  public record Nap(long ms) {}

  /** The output of {@code slow}: how long it slept, in milliseconds. */
  public record Slept(long slept) {}

  /** The payload of {@code flaky}: how many attempts fail. */
  public record Flaky(int failures) {}

  /** The output of {@code flaky}: the number of the attempt that succeeded. */
  public record Attempt(int attempt) {}

  /** {@code {to, …}} → {@code {delivered: true, to}}. Only logs; sends nothing. */
  public static final Task<Email, Delivered> SEND_EMAIL =
      Task.define("send-email", Email.class, Delivered.class)
          .handler((email, run) -> {
            run.logger().debug("Sending an email to {}", email.to());
            return new Delivered(true, email.to());
          });

  /** {@code {channel, message}} → {@code {posted: true, channel}}. Only logs; posts nothing. */
  public static final Task<SlackMessage, Posted> SEND_SLACK =
      Task.define("send-slack", SlackMessage.class, Posted.class)
          .handler((message, run) -> {
            run.logger().debug("Posting to {}", message.channel());
            return new Posted(true, message.channel());
          });

  /** Returns its payload unchanged, character for character. */
  public static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  /** Sleeps: {@code {ms}} → {@code {slept}}. */
  public static final Task<Nap, Slept> SLOW =
      Task.define("slow", Nap.class, Slept.class)
          .handler((nap, run) -> {
            Thread.sleep(nap.ms());
            return new Slept(nap.ms());
          });

  /** Throws on the first n attempts, then succeeds: {@code {failures: n}} → {@code {attempt}}. */
  public static final Task<Flaky, Attempt> FLAKY =
      Task.define("flaky", Flaky.class, Attempt.class)
          .retry(SHORT.maxAttempts(10))
          .handler((flaky, run) -> {
            if (run.attempt() <= flaky.failures()) {
              throw new IllegalStateException("attempt " + run.attempt() + " fails on purpose");
            }
            return new Attempt(run.attempt());
          });

  /** Always throws. */
  public static final Task<RawJson, RawJson> FAIL =
      Task.define("fail", RawJson.class, RawJson.class)
          .retry(SHORT)
          .handler((payload, run) -> {
            throw new IllegalStateException("boom");
          });

  /** All demo tasks. */
  public static List<Task<?, ?>> all() {
    return List.of(SEND_EMAIL, SEND_SLACK, ECHO, SLOW, FLAKY, FAIL);
  }
}

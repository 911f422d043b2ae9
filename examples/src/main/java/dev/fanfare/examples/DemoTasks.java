package dev.fanfare.examples;

import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.Task;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tasks of the demo worker: some do a little, some fail on purpose. */
public final class DemoTasks {
  private static final Retry SHORT =
      Retry.exponential()
          .minDelay(Duration.ofMillis(50))
          .maxDelay(Duration.ofMillis(500))
          .maxAttempts(3);

  private DemoTasks() {}

  /** A mail to send; only the address matters here. */
  public record Email(String to, @Nullable String subject, @Nullable String body) {}

  /** A mail was sent. */
  public record Delivered(boolean delivered, String to) {}

  /** A message to post. */
  public record SlackMessage(String channel, @Nullable String message) {}

  /** A message was posted. */
  public record Posted(boolean posted, String channel) {}

  /** How long to sleep. */
  public record Nap(long ms) {}

  /** How long it slept. */
  public record Slept(long slept) {}

  /** How many attempts shall fail. */
  public record Flaky(int failures) {}

  /** The attempt that succeeded. */
  public record Attempt(int attempt) {}

  /** {@code {to, …}} → {@code {delivered: true, to}}; logs and sends nothing. */
  public static final Task<Email, Delivered> SEND_EMAIL =
      Task.define("send-email", Email.class, Delivered.class)
          .handler((email, run) -> {
            run.logger().debug("Sending a mail to {}", email.to());
            return new Delivered(true, email.to());
          });

  /** {@code {channel, message}} → {@code {posted: true, channel}}; logs and posts nothing. */
  public static final Task<SlackMessage, Posted> SEND_SLACK =
      Task.define("send-slack", SlackMessage.class, Posted.class)
          .handler((message, run) -> {
            run.logger().debug("Posting to {}", message.channel());
            return new Posted(true, message.channel());
          });

  /** Any payload → the same, character for character. */
  public static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  /** {@code {ms}} → {@code {slept}}. */
  public static final Task<Nap, Slept> SLOW =
      Task.define("slow", Nap.class, Slept.class)
          .handler((nap, run) -> {
            Thread.sleep(nap.ms());
            return new Slept(nap.ms());
          });

  /** {@code {failures: n}}: throws on the first n attempts, then → {@code {attempt}}. */
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

  /** All of them. */
  public static List<Task<?, ?>> all() {
    return List.of(SEND_EMAIL, SEND_SLACK, ECHO, SLOW, FLAKY, FAIL);
  }
}

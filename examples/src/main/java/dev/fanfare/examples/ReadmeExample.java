package dev.fanfare.examples;

import static dev.fanfare.sdk.TriggerOptions.options;

import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import java.util.List;

/** What the README shows: a task, a worker that executes it, a batch that triggers it. */
public final class ReadmeExample {
  private ReadmeExample() {}

  /** A mail to send. */
  public record Email(String to, String subject) {}

  /** A mail that was sent. */
  public record Receipt(boolean delivered, String to) {}

  /** Whatever sends mails. */
  public interface Mailer {
    /** Sends one. */
    Receipt send(Email email) throws Exception;
  }

  /** The task. */
  public static Task<Email, Receipt> sendEmail(Mailer mailer) {
    Task<Email, Receipt> sendEmail =
        Task.define("send-email", Email.class, Receipt.class)
            .retry(Retry.exponential().maxAttempts(3))
            .handler((email, run) -> mailer.send(email));
    return sendEmail;
  }

  /** The worker; close it to stop. */
  public static Worker work(Fanfare fanfare, Task<Email, Receipt> sendEmail) {
    return Worker.builder(fanfare).task(sendEmail).slots(50).start();
  }

  /** The batch: all runs or none, durable when this returns. */
  public static BatchHandle trigger(
      Fanfare fanfare, Task<Email, Receipt> sendEmail, List<Email> emails) {
    BatchHandle batch =
        fanfare.batchTrigger(sendEmail, emails, email -> options().tag("user:" + email.to()));
    batch.batchId(); // batch_…
    batch.runs(); // run_… one per item, in order
    return batch;
  }
}

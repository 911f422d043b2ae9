package dev.fanfare.examples;

import static dev.fanfare.sdk.TriggerOptions.options;

import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import java.util.List;

/** The example of the README: a task, a worker that executes it, and a batch that triggers it. */
public final class ReadmeExample {
  private ReadmeExample() {}

  /** An email to send. */
  public record Email(String to, String subject) {}

  /** The output: whether the email was delivered, and to whom. */
  public record Receipt(boolean delivered, String to) {}

  /** Sends emails. */
  public interface Mailer {
    /** Sends one email. */
    Receipt send(Email email) throws Exception;
  }

  /** Defines the task. */
  public static Task<Email, Receipt> sendEmail(Mailer mailer) {
    Task<Email, Receipt> sendEmail =
        Task.define("send-email", Email.class, Receipt.class)
            .retry(Retry.exponential().maxAttempts(3))
            .handler((email, run) -> mailer.send(email));
    return sendEmail;
  }

  /** Starts a worker; close it to stop. */
  public static Worker work(Fanfare fanfare, Task<Email, Receipt> sendEmail) {
    return Worker.builder(fanfare).task(sendEmail).slots(50).start();
  }

  /** Triggers a batch: all runs or none. Once this returns, the batch is durable. */
  public static BatchHandle trigger(
      Fanfare fanfare, Task<Email, Receipt> sendEmail, List<Email> emails) {
    BatchHandle batch =
        fanfare.batchTrigger(sendEmail, emails, email -> options().tag("user:" + email.to()));
    batch.id(); // batch_…
    batch.runIds(); // run_… one per item, in order
    return batch;
  }
}

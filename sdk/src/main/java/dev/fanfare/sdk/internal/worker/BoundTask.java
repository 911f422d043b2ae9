package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.sdk.AbortRunException;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RunContext;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.internal.Api;
import dev.fanfare.sdk.internal.Codec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/** A task with what its attempts share: a client, a codec and a logger. */
final class BoundTask<I, O> {
  private final Task<I, O> task;
  private final Fanfare fanfare;
  private final Api api;
  private final Codec codec;
  private final Codec.Target<I> payload;
  private final Logger logger;

  BoundTask(Task<I, O> task, Fanfare fanfare, Api api) {
    this.task = task;
    this.fanfare = fanfare;
    this.api = api;
    this.codec = api.codec();
    this.payload = codec.target(task.payloadType());
    this.logger = LoggerFactory.getLogger("fanfare.task." + task.id());
  }

  String id() {
    return task.id();
  }

  Fanfare fanfare() {
    return fanfare;
  }

  Logger logger() {
    return logger;
  }

  /**
   * Decodes the payload, calls the handler and encodes its output.
   *
   * @return the output as JSON; {@code null}: none
   * @throws AbortRunException also when the payload cannot be decoded or the output cannot be
   *     encoded: another attempt would fail the same way
   */
  @Nullable String call(Assignment assignment, RunContext run) throws Exception {
    I decoded;
    try {
      decoded = payload(assignment);
    } catch (ApiException.NotFound e) {
      throw new AbortRunException("The payload's packet does not exist: " + e.getMessage(), e);
    } catch (JacksonException | IllegalArgumentException e) {
      throw new AbortRunException(
          "The payload does not fit " + task.payloadType().getTypeName() + ": " + reason(e), e);
    }
    O output = handle(decoded, run);
    try {
      return output == null ? null : codec.encode(output);
    } catch (JacksonException e) {
      throw new AbortRunException(
          "The output, a %s, cannot be encoded as JSON: %s"
              .formatted(output.getClass().getName(), reason(e)),
          e);
    }
  }

  /** An attempt reads its own packet, because a claim has many runs and packets are large. */
  private @Nullable I payload(Assignment assignment) {
    String json = assignment.payload();
    return json != null && Api.STORE.equals(assignment.payloadType())
        ? codec.read(api.packet(WireJson.mapper().readValue(json, String.class)).text(), payload)
        : codec.decode(json, assignment.payloadType(), payload);
  }

  /** The handler of a run that was triggered without a payload gets null, as documented. */
  @SuppressWarnings("NullAway")
  private @Nullable O handle(@Nullable I decoded, RunContext run) throws Exception {
    return task.handler().handle(decoded, run);
  }

  private static @Nullable String reason(RuntimeException e) {
    return e instanceof JacksonException json ? json.getOriginalMessage() : e.getMessage();
  }
}

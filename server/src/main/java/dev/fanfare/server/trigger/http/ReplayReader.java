package dev.fanfare.server.trigger.http;

import static dev.fanfare.server.config.ServerSettings.IDEMPOTENCY_KEY_TTL;
import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.StoredOptions;
import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a replay: the changes to the repeated run. Absent fields keep the values of
 * that run, except delay, idempotency key, time to live, maximum of attempts and parent, which a
 * replay does not repeat.
 */
public final class ReplayReader implements JsonReader.ObjectFields {
  private static final Set<String> OPTIONS =
      Set.of(
          "payloadType",
          "metadata",
          "tags",
          "concurrencyKey",
          "machine",
          "region",
          "delay",
          "ttl",
          "idempotencyKey",
          "idempotencyKeyTTL",
          "maxAttempts",
          "maxDuration",
          "priority");

  /** Stored options that a replay keeps. */
  private static final Set<String> KEPT = Set.of("machine", "region");

  private final ServerConfig config;
  private final Instant now;
  private final Options options = new Options();
  private final Set<String> seen = new HashSet<>();
  private @Nullable String payload;

  private ReplayReader(ServerConfig config, Instant now) {
    this.config = config;
    this.now = now;
  }

  /**
   * The run that repeats {@code old}.
   *
   * @param body the changes; empty: none
   * @param old the request of the repeated run; its failure, if it has one, is not repeated
   */
  public static NewRun read(byte[] body, NewRun old, ServerConfig config, Instant now) {
    ReplayReader reader = new ReplayReader(config, now);
    if (body.length > 0) {
      JsonReader.readObject(new ByteArrayInputStream(body), reader);
    }
    return reader.over(old);
  }

  @Override
  public void field(JsonReader reader, String name) {
    if (reader.isNull()) {
      return;
    }
    seen.add(name);
    switch (name) {
      case "payload" -> payload = reader.raw(config.get(TRIGGER_BODY_BYTES_MAX)).text();
      case "queue" -> {
        if (!reader.isString()) {
          throw HttpError.validation("queue: must be a string");
        }
        options.queue = OptionsReader.sanitized(RequestTexts.storable("queue", reader.string()));
      }
      case "metadata" -> {
        if (!reader.isObject()) {
          throw HttpError.validation("metadata: must be an object");
        }
        new OptionsReader(reader, "", options, now).field(name);
      }
      case "version" -> new OptionsReader(reader, "", options, now).lockToVersion(name);
      default -> {
        if (!OPTIONS.contains(name)) {
          throw HttpError.validation(name + ": is not known");
        }
        new OptionsReader(reader, "", options, now).field(name);
      }
    }
  }

  private NewRun over(NewRun old) {
    RunError failure = old.failure();
    if (payload == null
        && failure != null
        && RunError.Codes.PAYLOAD_TOO_LARGE.equals(failure.code())) {
      throw new HttpError(
          422, "The payload of the run was too long to be kept. Replay it with a payload");
    }
    boolean json = seen.contains("payload") && !seen.contains("payloadType");
    String type =
        json ? null : seen.contains("payloadType") ? options.payloadType : old.payloadType();
    if ("application/super+json".equals(type) && payload != null && !payload.startsWith("\"")) {
      throw HttpError.validation("payload: must be a string of type " + type);
    }
    StoredOptions.read(old.options())
        .forEach((name, raw) -> {
          if (KEPT.contains(name)) {
            options.others.putIfAbsent(name, raw);
          }
        });
    return old.toBuilder()
        .failure(null)
        .payload(payload != null ? payload : old.payload())
        .payloadType(type)
        .queue(options.queue != null ? options.queue : old.queue())
        .lockToVersion(options.lockToVersion)
        .concurrencyKey(
            seen.contains("concurrencyKey") ? options.concurrencyKey : old.concurrencyKey())
        .key(options.key(config.get(IDEMPOTENCY_KEY_TTL)))
        .delayUntil(options.delayUntil)
        .ttl(options.ttl)
        .priorityMillis(options.priorityMillis)
        .maxAttempts(options.maxAttempts)
        .maxDuration(options.maxDuration != null ? options.maxDuration : old.maxDuration())
        .tags(seen.contains("tags") ? List.copyOf(options.tags) : old.tags())
        .metadata(options.metadata != null ? options.metadata : old.metadata())
        .options(options.stored())
        .build();
  }
}

package dev.fanfare.server.run.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.Surrogates;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.access.Environment;
import dev.fanfare.server.json.JsonException;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.run.Family;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.run.StoredError;
import dev.fanfare.server.text.Durations;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * Writes runs as JSON of the public API. Payloads, outputs and metadata are written exactly as
 * stored. Absent values are omitted, because clients reject {@code null}.
 */
public final class RunJson {
  private static final String SUPER_JSON = "application/super+json";
  private static final String JSON = "application/json";

  /** Its bytes, those that its reader keeps, and the text that is cut out of them. */
  private static final long CONVERSION_COPIES = 5;

  private final Statuses statuses;

  /** Writes statuses in this vocabulary. */
  public RunJson(Statuses statuses) {
    this.statuses = statuses;
  }

  /** The memory that converting the payload and the output of a run takes besides their texts. */
  static long conversionBytes(Run run) {
    return conversionBytes(run.payload(), run.payloadType())
        + conversionBytes(run.output(), run.outputType())
        + CONVERSION_COPIES * length(run.error());
  }

  private static long conversionBytes(@Nullable String text, @Nullable String type) {
    return SUPER_JSON.equals(type) ? CONVERSION_COPIES * length(text) : 0;
  }

  private static long length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  /**
   * Writes a run with all its fields and its relatives.
   *
   * @param packetUrl maps the path of a packet to its presigned download URL
   */
  public void run(Family family, UnaryOperator<String> packetUrl, OutputStream out) {
    Run run = family.run();
    // Not closed on failure, because closing would complete the truncated JSON.
    JsonGenerator json = WireJson.mapper().createGenerator(out);
    json.writeStartObject();
    common(json, run);
    value(json, "payload", run.payload(), run.payloadType());
    packet(json, "payloadPresignedUrl", run.payloadPacket(), packetUrl);
    output(json, run);
    packet(json, "outputPresignedUrl", run.outputPacket(), packetUrl);
    if (run.error() != null) {
      error(json, StoredError.read(run.error()));
    }
    json.writeNumberProperty("attemptCount", run.attempt());
    json.writeName("attempts"); // always empty; old clients require the array
    json.writeStartArray();
    json.writeEndArray();
    json.writeName("relatedRuns");
    json.writeStartObject();
    related(json, "root", family.root());
    related(json, "parent", family.parent());
    json.writeName("children");
    json.writeStartArray();
    for (Run child : family.children()) {
      json.writeStartObject();
      common(json, child);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
    json.writeEndObject();
    json.close();
  }

  private void related(JsonGenerator json, String name, @Nullable Run run) {
    if (run != null) {
      json.writeName(name);
      json.writeStartObject();
      common(json, run);
      json.writeEndObject();
    }
  }

  /** Writes a page of runs. */
  public void page(
      List<Run> runs,
      Environment environment,
      @Nullable String next,
      @Nullable String previous,
      OutputStream out) {
    JsonGenerator json = WireJson.mapper().createGenerator(out); // not closed on failure
    json.writeStartObject();
    json.writeName("data");
    json.writeStartArray();
    for (Run run : runs) {
      json.writeStartObject();
      common(json, run);
      json.writeName("env");
      json.writeStartObject();
      json.writeStringProperty("id", environment.publicId());
      json.writeStringProperty("name", environment.slug());
      json.writeEndObject();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeName("pagination");
    json.writeStartObject();
    text(json, "next", next);
    text(json, "previous", previous);
    json.writeEndObject();
    json.writeEndObject();
    json.close();
  }

  private void common(JsonGenerator json, Run run) {
    Shown shown = Shown.of(run);
    RunStatus status = run.status();
    json.writeStringProperty("id", PublicId.format(PublicId.RUN, run.id()));
    json.writeStringProperty("taskIdentifier", run.task());
    json.writeStringProperty("status", statuses.word(status));
    text(json, "idempotencyKey", shown.key);
    json.writeStringProperty("createdAt", run.createdAt().toString());
    json.writeStringProperty("updatedAt", run.updatedAt().toString());
    text(json, "startedAt", run.startedAt());
    text(json, "finishedAt", run.finishedAt());
    text(json, "delayedUntil", run.delayedUntil());
    text(json, "expiredAt", status == RunStatus.EXPIRED ? run.finishedAt() : null);
    json.writeName("tags");
    json.writeStartArray();
    run.tags().forEach(json::writeString);
    json.writeEndArray();
    json.writeBooleanProperty("isTest", run.test());
    flags(json, status);
    json.writeNumberProperty("costInCents", 0);
    json.writeNumberProperty("baseCostInCents", 0);
    json.writeNumberProperty("durationMs", run.durationMillis());
    // Clients expect an object; other metadata is available from its own endpoint only.
    if (run.metadata() != null && run.metadata().startsWith("{")) {
      json.writeName("metadata");
      json.writeRawValue(run.metadata());
    }
    json.writeNumberProperty("depth", run.lineage() == null ? 0 : run.lineage().depth());
    json.writeStringProperty(
        "triggerFunction",
        (run.batchId() == null ? "trigger" : "batchTrigger")
            + (run.resumesParent() ? "AndWait" : ""));
    if (run.batchId() != null) {
      json.writeStringProperty("batchId", PublicId.format(PublicId.BATCH, run.batchId()));
    }
    json.writeStringProperty(
        "taskKind", run.source() == Source.SCHEDULE ? "SCHEDULED" : "STANDARD");
    text(json, "ttl", run.ttl() == null ? null : Durations.text(run.ttl().toSeconds()));
    text(json, "machine", shown.machine);
    text(json, "region", shown.region);
    text(json, "version", run.version());
  }

  private static void flags(JsonGenerator json, RunStatus status) {
    json.writeBooleanProperty(
        "isQueued",
        status == RunStatus.QUEUED
            || status == RunStatus.DELAYED
            || status == RunStatus.PENDING_VERSION);
    json.writeBooleanProperty(
        "isExecuting", status == RunStatus.EXECUTING || status == RunStatus.DEQUEUED);
    json.writeBooleanProperty("isWaiting", status == RunStatus.WAITING);
    // True for every final status: clients poll until isCompleted.
    json.writeBooleanProperty("isCompleted", status.isFinal());
    json.writeBooleanProperty("isSuccess", status == RunStatus.COMPLETED);
    json.writeBooleanProperty("isFailed", status.isFinal() && status != RunStatus.COMPLETED);
    json.writeBooleanProperty("isCancelled", status == RunStatus.CANCELED);
  }

  /**
   * The displayed values among the stored options. {@link JsonReader} validated the options when
   * they came in and reads them here; a stricter parser could reject numbers that it accepts.
   */
  private static final class Shown {
    /** The key as the user wrote it: the SDK sends its hash, and the original in an option. */
    @Nullable String key;

    @Nullable String machine;
    @Nullable String region;

    static Shown of(Run run) {
      Shown shown = new Shown();
      shown.key = run.idempotencyKey();
      if (run.options() != null) {
        byte[] options = run.options().getBytes(StandardCharsets.UTF_8);
        JsonReader.readObject(new ByteArrayInputStream(options), shown::field);
      }
      return shown;
    }

    private void field(JsonReader reader, String name) {
      switch (name) {
        case "idempotencyKeyOptions" ->
            reader.object(field -> {
              if (field.equals("key") && reader.isString()) {
                key = reader.string();
              }
            });
        case "machine" -> machine = reader.string();
        case "region" -> region = reader.string();
        default -> {}
      }
    }
  }

  /** Writes a stored payload as a JSON value; super+json is a string that contains JSON. */
  private static void value(
      JsonGenerator json, String name, @Nullable String text, @Nullable String type) {
    if (text == null || PacketPath.MEDIA_TYPE.equals(type)) {
      return;
    }
    json.writeName(name);
    if (SUPER_JSON.equals(type)) {
      json.writeRawValue(superJson(WireJson.mapper().readValue(text, String.class)));
    } else {
      json.writeRawValue(text);
    }
  }

  private static void packet(
      JsonGenerator json, String name, @Nullable String path, UnaryOperator<String> packetUrl) {
    if (path != null) {
      json.writeStringProperty(name, packetUrl.apply(path));
    }
  }

  private static void output(JsonGenerator json, Run run) {
    String output = run.output();
    String type = run.outputType() == null ? JSON : run.outputType();
    if (output == null
        || run.status() != RunStatus.COMPLETED
        || type.equals(PacketPath.MEDIA_TYPE)) {
      return;
    }
    json.writeName("output");
    switch (type) {
      case JSON -> json.writeRawValue(output);
      case SUPER_JSON -> json.writeRawValue(superJson(output));
      default -> json.writeString(output);
    }
  }

  /** The {@code json} field of a super+json text; a string if the text is not super+json. */
  private static String superJson(String text) {
    byte[] bytes = Surrogates.escapeLone(text).getBytes(StandardCharsets.UTF_8);
    @Nullable String[] plain = new @Nullable String[1];
    try {
      JsonReader.readObject(
          new ByteArrayInputStream(bytes),
          (reader, name) -> {
            if (name.equals("json")) {
              plain[0] = reader.raw(Integer.MAX_VALUE).text();
            }
          });
    } catch (JsonException e) {
      return WireJson.mapper()
          .writer()
          .with(JsonWriteFeature.ESCAPE_NON_ASCII)
          .writeValueAsString(text);
    }
    String json = plain[0];
    return json == null ? "null" : json;
  }

  private static void error(JsonGenerator json, RunError error) {
    json.writeName("error");
    json.writeStartObject();
    switch (error.type()) {
      case BUILT_IN_ERROR -> {
        json.writeStringProperty("message", String.valueOf(error.message()));
        text(json, "name", error.name());
        text(json, "stackTrace", error.stackTrace());
      }
      case STRING_ERROR, CUSTOM_ERROR ->
          json.writeStringProperty("message", String.valueOf(error.raw()));
      case INTERNAL_ERROR -> {
        json.writeStringProperty("message", error.summary());
        text(json, "stackTrace", error.stackTrace());
      }
    }
    json.writeEndObject();
  }

  private static void text(JsonGenerator json, String name, @Nullable Object value) {
    if (value != null) {
      json.writeStringProperty(name, value.toString());
    }
  }
}

package dev.fanfare.server.run.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
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
import dev.fanfare.server.text.Surrogates;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * Prints runs for the public API. Payloads, outputs and metadata are written as the text that is
 * stored; what is absent is omitted, because clients read {@code null} as a wrong type.
 */
public final class RunJson {
  private static final String SUPER_JSON = "application/super+json";
  private static final String JSON = "application/json";

  private final Statuses statuses;

  /** Prints with this vocabulary of states. */
  public RunJson(Statuses statuses) {
    this.statuses = statuses;
  }

  /**
   * One run, whole, with its relatives.
   *
   * @param packetUrl where a packet can be fetched, by its path
   */
  public byte[] run(Family family, UnaryOperator<String> packetUrl) {
    Run run = family.run();
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
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
      json.writeName("attempts"); // always empty, and always there: old clients need the array
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
    }
    return out.toByteArray();
  }

  private void related(JsonGenerator json, String name, @Nullable Run run) {
    if (run != null) {
      json.writeName(name);
      json.writeStartObject();
      common(json, run);
      json.writeEndObject();
    }
  }

  /** A page of runs. */
  public byte[] page(
      List<Run> runs, Environment environment, @Nullable String next, @Nullable String previous) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(8 * 1024);
    try (JsonGenerator json = WireJson.mapper().createGenerator(out)) {
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
    }
    return out.toByteArray();
  }

  private void common(JsonGenerator json, Run run) {
    Shown shown = Shown.of(run);
    RunStatus status = run.status();
    boolean ended = status.isFinal();
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
    json.writeBooleanProperty(
        "isQueued",
        status == RunStatus.QUEUED
            || status == RunStatus.DELAYED
            || status == RunStatus.PENDING_VERSION);
    json.writeBooleanProperty(
        "isExecuting", status == RunStatus.EXECUTING || status == RunStatus.DEQUEUED);
    json.writeBooleanProperty("isWaiting", status == RunStatus.WAITING);
    // EXPIRED and TIMED_OUT count as completed and failed, or polling them would never end.
    json.writeBooleanProperty("isCompleted", ended);
    json.writeBooleanProperty("isSuccess", status == RunStatus.COMPLETED);
    json.writeBooleanProperty("isFailed", ended && status != RunStatus.COMPLETED);
    json.writeBooleanProperty("isCancelled", status == RunStatus.CANCELED);
    json.writeNumberProperty("costInCents", 0);
    json.writeNumberProperty("baseCostInCents", 0);
    json.writeNumberProperty("durationMs", run.durationMillis());
    // Clients want an object here; metadata of another shape is kept and had by its own endpoint.
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
    if (run.source() == Source.SCHEDULE) {
      json.writeStringProperty("taskKind", "SCHEDULED");
    } else {
      json.writeStringProperty("taskKind", "STANDARD");
    }
    text(json, "ttl", run.ttl() == null ? null : Durations.text(run.ttl().toSeconds()));
    text(json, "machine", shown.machine);
    text(json, "region", shown.region);
    text(json, "version", run.version());
  }

  /**
   * What is shown of the options that act elsewhere. Read as they were checked, by the reader that
   * has no opinion on the length of a number that nobody asks for.
   */
  private static final class Shown {
    /** The key as its user wrote it: the SDK sends a hash and, in its options, what was hashed. */
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

  /** A stored JSON text as a value; what carries text is opened to the value it carries. */
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

  /** The plain part of a super+json text, as it is written; any other text is shown as a string. */
  private static String superJson(String text) {
    byte[] bytes = Surrogates.escaped(text).getBytes(StandardCharsets.UTF_8);
    String[] plain = new String[1];
    try {
      JsonReader.readObject(
          new ByteArrayInputStream(bytes),
          (reader, name) -> {
            if (name.equals("json")) {
              plain[0] = reader.raw();
            }
          });
    } catch (JsonException e) {
      return WireJson.mapper()
          .writer()
          .with(JsonWriteFeature.ESCAPE_NON_ASCII)
          .writeValueAsString(text);
    }
    return plain[0] == null ? "null" : plain[0];
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

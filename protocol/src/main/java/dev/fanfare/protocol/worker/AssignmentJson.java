package dev.fanfare.protocol.worker;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.module.SimpleModule;

/**
 * Reads and writes an {@link Assignment} field by field, because data binding does more for each of
 * its fields, and each run passes here twice. Its JSON is the same.
 */
public final class AssignmentJson {
  /** The runs of a batch were created at the same time, which is formatted and parsed once. */
  private static volatile Time lastTime = new Time(Instant.EPOCH, Instant.EPOCH.toString());

  private record Time(Instant time, String text) {}

  private AssignmentJson() {}

  /** For the mapper. */
  public static JacksonModule module() {
    return new SimpleModule("assignment")
        .addSerializer(Assignment.class, new Writer())
        .addDeserializer(Assignment.class, new Reader());
  }

  private static String format(Instant time) {
    Time last = lastTime;
    if (!last.time.equals(time)) {
      last = new Time(time, time.toString());
      lastTime = last;
    }
    return last.text;
  }

  private static Instant parse(String text) {
    Time last = lastTime;
    if (!last.text.equals(text)) {
      last = new Time(Instant.parse(text), text);
      lastTime = last;
    }
    return last.time;
  }

  private static final class Writer extends ValueSerializer<Assignment> {
    @Override
    public void serialize(Assignment run, JsonGenerator json, SerializationContext context) {
      json.writeStartObject(run);
      json.writeStringProperty("runId", run.runId());
      json.writeNumberProperty("fence", run.fence());
      json.writeNumberProperty("attempt", run.attempt());
      json.writeNumberProperty("maxAttempts", run.maxAttempts());
      if (run.maxDurationMillis() != null) {
        json.writeNumberProperty("maxDurationMillis", run.maxDurationMillis());
      }
      json.writeStringProperty("task", run.task());
      text(json, "payload", run.payload());
      text(json, "payloadType", run.payloadType());
      json.writeArrayPropertyStart("tags");
      run.tags().forEach(json::writeString);
      json.writeEndArray();
      text(json, "metadata", run.metadata());
      text(json, "batchId", run.batchId());
      json.writeStringProperty("queue", run.queue());
      json.writeBooleanProperty("test", run.test());
      json.writeStringProperty("createdAt", format(run.createdAt()));
      json.writeEndObject();
    }

    private static void text(JsonGenerator json, String name, @Nullable String value) {
      if (value != null) {
        json.writeStringProperty(name, value);
      }
    }
  }

  private static final class Reader extends ValueDeserializer<Assignment> {
    @Override
    public Assignment deserialize(JsonParser json, DeserializationContext context) {
      if (!json.isExpectedStartObjectToken()) {
        return context.reportInputMismatch(this, "A run is not an object");
      }
      String runId = null;
      long fence = 0;
      int attempt = 0;
      int maxAttempts = 0;
      Long maxDurationMillis = null;
      String task = null;
      String payload = null;
      String payloadType = null;
      List<String> tags = List.of();
      String metadata = null;
      String batchId = null;
      String queue = null;
      boolean test = false;
      Instant createdAt = null;
      for (String name = json.nextName(); name != null; name = json.nextName()) {
        JsonToken value = json.nextToken();
        if (value == JsonToken.VALUE_NULL) {
          continue;
        }
        switch (name) {
          case "runId" -> runId = json.getString();
          case "fence" -> fence = json.getLongValue();
          case "attempt" -> attempt = json.getIntValue();
          case "maxAttempts" -> maxAttempts = json.getIntValue();
          case "maxDurationMillis" -> maxDurationMillis = json.getLongValue();
          case "task" -> task = json.getString();
          case "payload" -> payload = json.getString();
          case "payloadType" -> payloadType = json.getString();
          case "tags" -> tags = texts(json, context);
          case "metadata" -> metadata = json.getString();
          case "batchId" -> batchId = json.getString();
          case "queue" -> queue = json.getString();
          case "test" -> test = json.getBooleanValue();
          case "createdAt" -> createdAt = time(json.getString(), context);
          default -> json.skipChildren();
        }
      }
      if (runId == null || task == null || queue == null || createdAt == null) {
        return context.reportInputMismatch(this, "A run lacks its id, task, queue or time");
      }
      return new Assignment(
          runId,
          fence,
          attempt,
          maxAttempts,
          maxDurationMillis,
          task,
          payload,
          payloadType,
          tags,
          metadata,
          batchId,
          queue,
          test,
          createdAt);
    }

    private List<String> texts(JsonParser json, DeserializationContext context) {
      if (!json.isExpectedStartArrayToken()) {
        return context.reportInputMismatch(this, "The tags of a run are not an array");
      }
      List<String> texts = new ArrayList<>();
      while (json.nextToken() != JsonToken.END_ARRAY) {
        texts.add(json.getString());
      }
      return List.copyOf(texts);
    }

    private Instant time(String text, DeserializationContext context) {
      try {
        return parse(text);
      } catch (DateTimeParseException e) {
        return context.reportInputMismatch(this, "A run was created at no time: %s", text);
      }
    }
  }
}

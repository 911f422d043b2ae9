package dev.fanfare.server.trigger.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.server.http.FieldPath;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.text.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads the {@code options} of one item, field by field. Unknown options are ignored. */
final class OptionsReader {
  private static final Set<String> KEY_SCOPES = Set.of("run", "attempt", "global");
  private static final Set<String> DEBOUNCE_MODES = Set.of("leading", "trailing");
  private static final int CONCURRENCY_KEY_CHARS_MAX = 512;
  private static final int DEPLOYMENT_ID_CHARS_MAX = 128;
  private static final int PAYLOAD_TYPE_CHARS_MAX = 128;
  private static final int TEXT_CHARS_MAX = 256;
  private static final int GATES_MAX = 3;
  private static final int CONCURRENCY_NAMES_MAX = 2;
  private static final int LONG_DIGITS = 20;
  private static final int NUMBER_CHARS_MAX = 64;

  private final JsonReader reader;
  private final String where;
  private final Options options;
  private final Instant now;

  OptionsReader(JsonReader reader, String where, Options options, Instant now) {
    this.reader = reader;
    this.where = where;
    this.options = options;
    this.now = now;
  }

  /** Reads the option at the reader's position. {@code null} counts as absent. */
  void field(String name) {
    if (reader.isNull()) {
      return;
    }
    switch (name) {
      case "queue" -> queue();
      case "lockToVersion" -> lockToVersion(name);
      case "concurrencyKey" ->
          options.concurrencyKey = textOrNumber(name, CONCURRENCY_KEY_CHARS_MAX);
      case "idempotencyKey" -> idempotencyKey(name);
      case "idempotencyKeyTTL" -> options.idempotencyKeyTtl = text(name, TEXT_CHARS_MAX);
      case "delay" -> delay(name);
      case "priority" -> priority(name);
      case "maxAttempts" ->
          options.maxAttempts =
              (int) Math.min(Limits.ATTEMPTS_MAX, integer(name, 1, Integer.MAX_VALUE));
      case "maxDuration" -> maxDuration(name);
      case "ttl" -> ttl(name);
      case "tags" -> tags(name);
      case "metadata" -> metadata();
      case "payloadType" -> options.payloadType = text(name, PAYLOAD_TYPE_CHARS_MAX);
      case "test" -> options.test = flag(name);
      case "parentRunId", "resumeParentOnCompletion" -> options.parent.field(reader, where, name);
      default -> other(name);
    }
  }

  /** Validates an option without a column of its own. */
  private void other(String name) {
    String raw =
        switch (name) {
          case "payloadSize" -> Long.toString(integer(name, 0, Long.MAX_VALUE));
          case "machine" -> oneOf(name, Limits.MACHINES);
          case "metadataType", "region" -> quoted(name);
          case "externalDeploymentId" -> deploymentId(name);
          case "idempotencyKeyOptions" -> object(name, this::idempotencyKeyOption);
          case "debounce" -> debounce(name);
          case "gates" -> array(name, GATES_MAX, true);
          case "concurrency" -> array(name, CONCURRENCY_NAMES_MAX, false);
          default -> null;
        };
    if (raw != null) {
      options.others.put(name, raw);
    }
  }

  private void queue() {
    if (!reader.isObject()) {
      throw wrong("queue", "must be an object");
    }
    reader.object(name -> {
      if (name.equals("name") && !reader.isNull()) {
        options.queue = sanitized(text("queue.name", Integer.MAX_VALUE));
      }
    });
  }

  /** Reads a version of the workers' code; an empty text counts as absent. */
  void lockToVersion(String name) {
    String version = text(name, TEXT_CHARS_MAX);
    options.lockToVersion = version.isEmpty() ? null : version;
  }

  /** Removes all but letters, digits and {@code _ - /} from a queue name; null: nothing is left. */
  static @Nullable String sanitized(String name) {
    String kept = name.replaceAll("[^A-Za-z0-9_\\-/]", "");
    String cut = kept.substring(0, Math.min(kept.length(), Limits.QUEUE_NAME_CHARS_MAX));
    return cut.isEmpty() ? null : cut;
  }

  private void idempotencyKey(String name) {
    String key = text(name, Limits.IDEMPOTENCY_KEY_CHARS_MAX);
    options.idempotencyKey = key.isEmpty() ? null : key;
  }

  private void delay(String name) {
    String text = text(name, TEXT_CHARS_MAX);
    Instant until = Durations.end(text, now);
    if (until == null) {
      throw new HttpError(
          422,
          FieldPath.of(where, name)
              + ": must be a duration such as 1h30m (w, d, h, m, s) or an ISO date, not \""
              + RequestTexts.shortened(text)
              + "\"");
    }
    options.delayUntil = until.isAfter(now) ? until : null; // a time in the past counts as absent
  }

  private void priority(String name) {
    double millis = Double.parseDouble(number(name)) * 1000;
    options.priorityMillis =
        Math.round(Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, millis)));
  }

  private void maxDuration(String name) {
    double seconds = Double.parseDouble(number(name));
    options.maxDuration =
        Duration.ofMillis(
            Math.round(
                1_000
                    * Math.clamp(
                        seconds,
                        Limits.MAX_DURATION_SECONDS_MIN,
                        Limits.MAX_DURATION_SECONDS_MAX)));
  }

  private void tags(String name) {
    if (reader.isString()) {
      addTag(name);
    } else if (reader.isArray()) {
      reader.array(index -> addTag(name + "[" + index + "]"));
    } else {
      throw wrong(name, "must be a string or an array of strings");
    }
    if (options.tags.size() > Limits.TAGS_MAX) {
      throw new HttpError(
          422,
          item()
              + "Runs can only have "
              + Limits.TAGS_MAX
              + " tags, you're trying to set "
              + options.tags.size()
              + ".");
    }
  }

  private void addTag(String name) {
    String tag = text(name, Limits.TAG_CHARS_MAX);
    if (!tag.isBlank()) {
      options.tags.add(tag);
    }
  }

  private void metadata() {
    String raw = reader.raw(Limits.METADATA_BYTES_MAX).text();
    if (raw == null) {
      throw new HttpError(
          413, item() + "Metadata exceeds maximum size of " + Limits.METADATA_BYTES_MAX + " bytes");
    }
    options.metadata = raw;
  }

  private void ttl(String name) {
    Duration ttl =
        reader.isNumber()
            ? Duration.ofSeconds(integer(name, 0, Integer.MAX_VALUE))
            : Durations.duration(text(name, TEXT_CHARS_MAX));
    if (ttl == null) {
      throw new HttpError(
          422,
          FieldPath.of(where, name)
              + ": must be a duration such as 1h30m (w, d, h, m, s) or seconds");
    }
    // Beyond the range of timestamps, so without limit.
    options.ttl = ttl.compareTo(Durations.LONGEST) > 0 ? Duration.ZERO : ttl;
  }

  private String oneOf(String name, Set<String> allowed) {
    String text = text(name, TEXT_CHARS_MAX);
    if (!allowed.contains(text)) {
      throw wrong(name, "must be one of " + new TreeSet<>(allowed));
    }
    return '"' + text + '"';
  }

  private @Nullable String deploymentId(String name) {
    String trimmed = text(name, TEXT_CHARS_MAX).strip();
    if (trimmed.length() > DEPLOYMENT_ID_CHARS_MAX) {
      throw wrong(name, "must have at most " + DEPLOYMENT_ID_CHARS_MAX + " characters");
    }
    return trimmed.isEmpty() ? null : reader.raw();
  }

  private void idempotencyKeyOption(String name) {
    switch (name) {
      case "key" -> text("idempotencyKeyOptions.key", Limits.IDEMPOTENCY_KEY_CHARS_MAX);
      case "scope" -> oneOf("idempotencyKeyOptions.scope", KEY_SCOPES);
      default -> {}
    }
  }

  private String debounce(String name) {
    DebounceOption debounce = new DebounceOption();
    options.debounce = debounce;
    String raw =
        object(
            name,
            field -> {
              switch (field) {
                case "key" -> debounce.key = text("debounce.key", Limits.DEBOUNCE_KEY_CHARS_MAX);
                case "delay" -> debounce.delay = text("debounce.delay", TEXT_CHARS_MAX);
                case "mode" ->
                    debounce.trailing = oneOf("debounce.mode", DEBOUNCE_MODES).contains("trailing");
                case "maxDelay" -> debounce.maxDelay = text("debounce.maxDelay", TEXT_CHARS_MAX);
                default -> {}
              }
            });
    if (debounce.key == null || debounce.key.isEmpty()) {
      throw wrong(
          "debounce.key", "must have 1 to " + Limits.DEBOUNCE_KEY_CHARS_MAX + " characters");
    }
    if (debounce.delay == null) {
      throw wrong("debounce.delay", "is required");
    }
    return raw;
  }

  private String object(String name, Consumer<String> check) {
    if (!reader.isObject()) {
      throw wrong(name, "must be an object");
    }
    return reader.raw(() ->
        reader.object(field -> {
          RequestTexts.storable(FieldPath.of(where, name), field);
          if (!reader.isNull()) {
            check.accept(field);
          }
          storable(name);
        }));
  }

  /** Checks every text of an option, because the database parses the stored options as JSON. */
  private void storable(String name) {
    reader.texts(text -> RequestTexts.storable(FieldPath.of(where, name), text));
  }

  /** Reads an array of at most {@code max} objects or strings as raw JSON. */
  private String array(String name, int max, boolean objects) {
    if (!reader.isArray()) {
      throw wrong(name, "must be an array");
    }
    return reader.raw(() ->
        reader.array(index -> {
          if (index >= max) {
            throw wrong(name, "must have at most " + max + " elements");
          }
          if (objects ? !reader.isObject() : !reader.isString()) {
            throw wrong(
                name + "[" + index + "]", objects ? "must be an object" : "must be a string");
          }
          storable(name);
        }));
  }

  private String quoted(String name) {
    text(name, TEXT_CHARS_MAX);
    return reader.raw();
  }

  private String text(String name, int charsMax) {
    if (!reader.isString()) {
      throw wrong(name, "must be a string");
    }
    return bounded(name, charsMax);
  }

  private String textOrNumber(String name, int charsMax) {
    if (!reader.isString() && !reader.isNumber()) {
      throw wrong(name, "must be a string or a number");
    }
    return bounded(name, charsMax);
  }

  private String bounded(String name, int charsMax) {
    String text = reader.string();
    if (text.length() > charsMax) {
      throw wrong(name, "must have at most " + charsMax + " characters");
    }
    return RequestTexts.storable(FieldPath.of(where, name), text);
  }

  private boolean flag(String name) {
    Boolean flag = reader.flag();
    if (flag == null) {
      throw wrong(name, "must be true or false");
    }
    return flag;
  }

  private long integer(String name, long min, long max) {
    String digits = reader.isInteger() ? reader.string() : "";
    // Longer numbers are out of range, and parsing millions of digits would take seconds.
    if (digits.isEmpty() || digits.length() > LONG_DIGITS) {
      throw wrong(name, "must be an integer from " + min + " to " + max);
    }
    try {
      long value = Long.parseLong(digits);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // exceeds 64 bits, so it is out of range
    }
    throw wrong(name, "must be an integer from " + min + " to " + max);
  }

  /** Reads a number as text. */
  private String number(String name) {
    if (!reader.isNumber()) {
      throw wrong(name, "must be a number");
    }
    String text = reader.string();
    if (text.length() > NUMBER_CHARS_MAX || !Double.isFinite(Double.parseDouble(text))) {
      throw wrong(name, "must be a finite number of at most " + NUMBER_CHARS_MAX + " characters");
    }
    return text;
  }

  /** The prefix of messages whose text the API fixes. Names the item of a batch; else empty. */
  private String item() {
    return where.startsWith("items[") ? where.replace(".options", "") + ": " : "";
  }

  private HttpError wrong(String name, String what) {
    return HttpError.validation(FieldPath.of(where, name) + ": " + what);
  }
}

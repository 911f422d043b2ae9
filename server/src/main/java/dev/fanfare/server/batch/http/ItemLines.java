package dev.fanfare.server.batch.http;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.batch.ItemStream;
import dev.fanfare.server.batch.StreamedItem;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.json.JsonException;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.trigger.http.ItemReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream of items as newline-delimited JSON: {@code {index, task, payload?, options?}} on each
 * line. A line that is too long does not fail the stream; its item becomes a failed run.
 */
final class ItemLines implements ItemStream {
  /** How much of a line that is too long is parsed for its index and task. */
  private static final int HEAD_BYTES = 512;

  private static final byte[] NO_LINE = {};

  private static final String UNKNOWN_TASK = "unknown";

  private final LineReader lines;
  private final ItemReader items;
  private final int itemBytesMax;
  private final Consumer<String> allowTask;
  private @Nullable StreamedItem ahead;
  private int position;

  /**
   * @param allowTask throws when the caller may not trigger the task
   */
  public ItemLines(
      InputStream body, ItemReader items, int itemBytesMax, Consumer<String> allowTask) {
    this.lines = new LineReader(body, itemBytesMax);
    this.items = items;
    this.itemBytesMax = itemBytesMax;
    this.allowTask = allowTask;
  }

  /**
   * Whether the caller sends an item that it may trigger. The item stays the next one.
   *
   * @throws HttpError if the first item is invalid, or the caller may not trigger its task
   */
  public boolean hasItem() {
    if (ahead == null) {
      ahead = read();
    }
    return ahead != null;
  }

  @Override
  public @Nullable StreamedItem next() {
    StreamedItem item = ahead;
    ahead = null;
    return item != null ? item : read();
  }

  private @Nullable StreamedItem read() {
    LineReader.Line line = lines.next();
    if (line == null) {
      return null;
    }
    StreamedItem item = line.tooLong() ? tooLong(line) : item(line);
    allowTask.accept(item.run().task());
    position++;
    return item;
  }

  @Override
  public NewRun read(String text) {
    return read(text.getBytes(StandardCharsets.UTF_8)).run();
  }

  private StreamedItem item(LineReader.Line line) {
    Fields fields = new Fields();
    try {
      JsonReader.readObject(new ByteArrayInputStream(line.bytes()), fields);
      if (!isUtf8(line.bytes())) {
        throw invalidJson(line); // the stored text must equal what was sent
      }
      return new StreamedItem(fields.index(), fields.run(), line.bytes());
    } catch (JsonException e) {
      throw e.isMalformed() ? invalidJson(line) : invalidItem(fields.index, e);
    } catch (HttpError e) {
      throw invalidItem(fields.index, e);
    }
  }

  private static boolean isUtf8(byte[] bytes) {
    for (byte b : bytes) {
      if (b < 0) {
        return isDecodable(bytes);
      }
    }
    return true; // ASCII, as most lines are
  }

  private static boolean isDecodable(byte[] bytes) {
    try {
      CharBuffer unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return unused.hasRemaining();
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static HttpError invalidJson(LineReader.Line line) {
    return new HttpError(
        400, "Invalid JSON at line " + line.number() + ": the line is not a JSON object");
  }

  private HttpError invalidItem(@Nullable Integer index, RuntimeException e) {
    int at = index == null ? position : index;
    return new HttpError(422, "Invalid item at index " + at + ": " + e.getMessage());
  }

  private Fields read(byte[] line) {
    Fields fields = new Fields();
    JsonReader.readObject(new ByteArrayInputStream(line), fields);
    return fields;
  }

  private StreamedItem tooLong(LineReader.Line line) {
    Head head = new Head();
    try {
      JsonReader.readObject(new ByteArrayInputStream(head(line.bytes())), head);
    } catch (JsonException e) {
      // always thrown: the head of a longer line is not complete JSON
    } catch (HttpError e) {
      throw invalidItem(head.index, e);
    }
    String message =
        String.format(
            Locale.ROOT,
            "The item has %,d KB, the maximum is %,d KB",
            line.length() / 1024,
            itemBytesMax / 1024);
    return new StreamedItem(
        head.index == null ? position : head.index,
        NewRun.failed(
            head.task == null ? UNKNOWN_TASK : head.task,
            RunError.internal(RunError.Codes.PAYLOAD_TOO_LARGE, message)),
        NO_LINE);
  }

  /** The head of a line, without a number that it cuts, which would be read as a smaller one. */
  private static byte[] head(byte[] line) {
    int end = Math.min(HEAD_BYTES, line.length);
    if (end == line.length || isInNumber(line[end])) {
      while (end > 0 && isInNumber(line[end - 1])) {
        end--;
      }
    }
    return Arrays.copyOf(line, end);
  }

  private static boolean isInNumber(byte b) {
    return (b >= '0' && b <= '9') || b == '-' || b == '+' || b == '.' || b == 'e' || b == 'E';
  }

  private static int index(JsonReader reader) {
    if (!reader.isInteger()) {
      throw HttpError.validation("index: must be an integer");
    }
    String digits = reader.string();
    if (digits.startsWith("-") || digits.length() > 9) {
      throw HttpError.validation("index: must be from 0 to 999999999");
    }
    return Integer.parseInt(digits);
  }

  /** The fields of a line. */
  private final class Fields implements JsonReader.ObjectFields {
    private final ItemReader.Single item = items.single(null);
    private @Nullable Integer index;

    @Override
    public void field(JsonReader reader, String name) {
      if (name.equals("index")) {
        index = ItemLines.index(reader);
      } else {
        item.field(reader, name);
      }
    }

    int index() {
      if (index == null) {
        throw HttpError.validation("index: is required");
      }
      return index;
    }

    NewRun run() {
      return item.run();
    }
  }

  /** The fields that the head of a line contains. */
  private static final class Head implements JsonReader.ObjectFields {
    private @Nullable Integer index;
    private @Nullable String task;

    @Override
    public void field(JsonReader reader, String name) {
      if (name.equals("index")) {
        index = ItemLines.index(reader);
      } else if (name.equals("task")) {
        if (!reader.isString()) {
          throw HttpError.validation("task: must be a string");
        }
        task = RequestTexts.taskId("task", reader.string());
      }
    }
  }
}

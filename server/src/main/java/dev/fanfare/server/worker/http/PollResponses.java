package dev.fanfare.server.worker.http;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.worker.PollRuns.Poll;
import dev.fanfare.server.worker.PollRuns.Polled;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/**
 * The responses to polls.
 *
 * <p>While a poll waits, its response has begun: the server sends a blank about every second, which
 * JSON allows before the object. So it notices that the worker is gone before it claims runs for
 * it, and the worker notices that the server is gone. Runs whose response cannot be sent go back to
 * their queues at once.
 */
final class PollResponses {
  /** The length of payloads and metadata up to which a response is built before it is sent. */
  private static final long IN_MEMORY_CHARS_MAX = 128 * 1024;

  private PollResponses() {}

  /** Answers a poll: at once if there are runs, otherwise as soon as there are. */
  static Response answer(Poll poll) {
    Polled polled = poll.now();
    if (isLong(polled)) {
      return Response.stream(200, out -> send(poll, polled, out));
    }
    if (!polled.isEmpty()) {
      byte[] json = json(poll, polled);
      return new Response(
          200,
          Map.of("Content-Length", Integer.toString(json.length)),
          (Response.Streamed) out -> send(poll, polled, json, out));
    }
    if (poll.isOver()) {
      return Response.json(200, json(poll, polled));
    }
    return Response.stream(200, out -> await(poll, out))
        .with("X-Accel-Buffering", "no"); // lets nginx pass the blanks on
  }

  /**
   * Waits and responds. A failure of the database cuts the response off: the worker's next poll
   * then gets the runs of a claim that may have been committed.
   */
  private static void await(Poll poll, OutputStream out) {
    Polled polled = poll.await(() -> sendBlank(out));
    if (isLong(polled)) {
      send(poll, polled, out);
    } else {
      send(poll, polled, json(poll, polled), out);
    }
  }

  /** Whether the JSON is so long that no copy of it should be built. */
  private static boolean isLong(Polled polled) {
    return polled.runs().stream().mapToLong(ClaimedRun::chars).sum() > IN_MEMORY_CHARS_MAX;
  }

  /** Sends a long response while it is written. On failure, its end is missing. */
  private static void send(Poll poll, Polled polled, OutputStream out) {
    try {
      JsonGenerator json = WireJson.mapper().createGenerator(out);
      json.writePOJO(response(polled));
      json.close();
    } catch (Throwable e) {
      poll.undelivered(polled);
      throw e;
    }
  }

  private static void sendBlank(OutputStream out) {
    try {
      out.write(' ');
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void send(Poll poll, Polled polled, byte[] json, OutputStream out) {
    try {
      out.write(json);
      out.close();
    } catch (IOException e) {
      poll.undelivered(polled);
      throw new UncheckedIOException(e);
    } catch (Throwable e) {
      poll.undelivered(polled);
      throw e;
    }
  }

  private static byte[] json(Poll poll, Polled polled) {
    try {
      return WireJson.mapper().writeValueAsBytes(response(polled));
    } catch (Throwable e) { // such as a lack of memory
      poll.undelivered(polled);
      throw e;
    }
  }

  private static PollResponse response(Polled polled) {
    return new PollResponse(
        polled.runs().stream().map(ReportWire::assignment).toList(),
        ReportWire.refs(polled.canceled()));
  }
}

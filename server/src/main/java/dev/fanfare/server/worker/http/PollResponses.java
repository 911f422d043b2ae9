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
import java.util.function.LongConsumer;

/**
 * The responses to polls.
 *
 * <p>While a poll waits, its response has begun: the server sends a blank about every second, which
 * JSON allows before the object. So it notices that the worker is gone before it claims runs for
 * it, and the worker notices that the server is gone. Runs whose response cannot be sent go back to
 * their queues at once.
 */
final class PollResponses {
  private PollResponses() {}

  /**
   * Answers a poll: at once if there are runs, otherwise as soon as there are.
   *
   * @param hold called with the length of the texts of the claimed runs
   */
  static Response answer(Poll poll, LongConsumer hold) {
    Polled polled = poll.now();
    if (!polled.isEmpty()) {
      byte[] json = json(poll, polled, hold);
      return new Response(
          200,
          Map.of("Content-Length", Integer.toString(json.length)),
          (Response.Streamed) out -> send(poll, polled, json, out));
    }
    if (poll.isOver()) {
      return Response.json(200, json(poll, polled, hold));
    }
    return Response.stream(200, out -> await(poll, hold, out))
        .with("X-Accel-Buffering", "no"); // lets nginx pass the blanks on
  }

  /**
   * Waits and responds. A failure of the database cuts the response off: the worker's next poll
   * then gets the runs of a claim that may have been committed.
   */
  private static void await(Poll poll, LongConsumer hold, OutputStream out) {
    Polled polled = poll.await(() -> sendBlank(out));
    send(poll, polled, json(poll, polled, hold), out);
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

  private static byte[] json(Poll poll, Polled polled, LongConsumer hold) {
    try {
      hold.accept(polled.runs().stream().mapToLong(ClaimedRun::chars).sum());
      return WireJson.mapper()
          .writeValueAsBytes(
              new PollResponse(
                  polled.runs().stream().map(ReportWire::assignment).toList(),
                  ReportWire.refs(polled.canceled())));
    } catch (Throwable e) { // such as a lack of memory
      poll.undelivered(polled);
      throw e;
    }
  }
}

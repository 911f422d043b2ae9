package dev.fanfare.server.http;

import dev.fanfare.server.config.RequestMemory.Decoding;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One request as its handler sees it. Confined to the thread that handles it. */
public final class Exchange {
  private static final long SHORT_BODY_BYTES_MAX = 256 * 1024;

  /** A text of an answer is held by the driver in UTF-8, and as characters of up to two bytes. */
  private static final int ANSWER_COPIES = 3;

  /** Characters of up to two bytes; of short texts also the JSON, and the bytes that are sent. */
  private static final int HELD_COPIES = 5;

  private final ServerRequest request;
  private final Map<String, String> path;
  private final MemoryBudget.Share memory;
  private long answerBytes;

  Exchange(ServerRequest request, Map<String, String> path, MemoryBudget.Share memory) {
    this.request = request;
    this.path = path;
    this.memory = memory;
  }

  /** The decoded value of a named segment of the route's path. */
  public String path(String name) {
    return Objects.requireNonNull(path.get(name), name);
  }

  /** The value of a header, or {@code null} when the request lacks it. */
  public @Nullable String header(String name) {
    return request.headers().value(HeaderNames.create(name)).orElse(null);
  }

  /** The last value of a query parameter, or {@code null} when the request lacks it. */
  public @Nullable String query(String name) {
    if (!request.query().contains(name)) {
      return null;
    }
    List<String> values = request.query().all(name);
    return values.isEmpty() ? "" : values.getLast();
  }

  /**
   * Scheme and authority of the server as the client addressed it, from {@code Host} and {@code
   * X-Forwarded-Proto}. Both can be forged: use it only for links that go back to this client.
   */
  public String origin() {
    String host = header("Host");
    if (host == null
        || !host.matches("([0-9A-Za-z._-]{1,255}|\\[[0-9A-Fa-f:.]{2,45}])(:[0-9]{1,5})?")) {
      throw new HttpError(400, "The Host header is missing or malformed");
    }
    return ("https".equalsIgnoreCase(header("X-Forwarded-Proto")) ? "https://" : "http://") + host;
  }

  /** Whether the request has a body. */
  public boolean hasBody() {
    return request.content().hasEntity();
  }

  /**
   * Whether the body is so long, or may be, that it should not be read for a caller who cannot be
   * allowed anything.
   */
  public boolean isLong() {
    return hasBody()
        && request.headers().contentLength().orElse(Long.MAX_VALUE) > SHORT_BODY_BYTES_MAX;
  }

  /**
   * The decompressed body. It can be read once.
   *
   * @param limit the maximum size in bytes; a longer body ends the request with 413
   */
  public InputStream body(long limit) {
    return stream(limit, limit, Decoding.TEXTS);
  }

  /** As {@link #body(long)}, for a reader that makes something else of it than a few texts. */
  public InputStream body(long limit, Decoding decoding) {
    return stream(limit, limit, decoding);
  }

  /**
   * The decompressed body, for a reader that keeps only a part of it in memory. It can be read
   * once.
   *
   * @param limit the maximum size in bytes; a longer body ends the request with 413
   * @param heldMax the maximum number of bytes that the reader keeps in memory at once
   */
  public InputStream stream(long limit, long heldMax) {
    return stream(limit, heldMax, Decoding.TEXTS);
  }

  private InputStream stream(long limit, long heldMax, Decoding decoding) {
    if (!hasBody()) {
      return InputStream.nullInputStream();
    }
    long announced = request.headers().contentLength().orElse(0);
    return new Body(request.content().inputStream(), limit, heldMax, decoding, announced, memory);
  }

  /** The whole body, at most {@code limit} bytes; a longer one ends the request with 413. */
  public byte[] bytes(long limit, Decoding decoding) {
    try (InputStream in = body(limit, decoding)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Takes memory for objects that the handler makes of the body, or ends the request with 503 when
   * there is too little. It is returned once the response is sent.
   */
  public void reserve(long bytes) {
    memory.take(bytes);
  }

  /**
   * Takes memory for texts that the handler is about to read from the database and to answer, as
   * {@link #reserve} does.
   *
   * @param bytes the size of the texts in UTF-8
   */
  public void reserveAnswer(long bytes) {
    memory.take(ANSWER_COPIES * bytes);
    answerBytes += bytes;
  }

  /**
   * Takes memory for texts that were read already and must be answered. It never refuses; other
   * requests are refused until the response is sent.
   */
  public void hold(long bytes) {
    memory.hold(HELD_COPIES * bytes);
  }

  /**
   * Ends the request if the client has gone, so that nobody waits for its response. Call it from
   * time to time during long work; the first call begins to look.
   */
  public void requireClient() {
    if (ClientConnection.current().hasEnded()) {
      throw HttpError.clientGone();
    }
  }

  /** Whether requests hold all memory there is, so that nothing long should be read. */
  public boolean isMemorySpent() {
    return memory.isSpent();
  }

  /** The size of the texts for which {@link #reserveAnswer} took memory. */
  public long answerBytes() {
    return answerBytes;
  }
}

package dev.fanfare.server.http;

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
  private final ServerRequest request;
  private final Map<String, String> path;
  private final BodyBudget budget;
  private @Nullable Body body;

  Exchange(ServerRequest request, Map<String, String> path, BodyBudget budget) {
    this.request = request;
    this.path = path;
    this.budget = budget;
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
   * The decompressed body. It can be read once.
   *
   * @param limit the maximum size in bytes; a longer body ends the request with 413
   */
  public InputStream body(long limit) {
    return stream(limit, limit);
  }

  /**
   * The decompressed body, for a reader that keeps only a part of it in memory. It can be read
   * once.
   *
   * @param limit the maximum size in bytes; a longer body ends the request with 413
   * @param heldMax the maximum number of bytes that the reader keeps in memory at once
   */
  public InputStream stream(long limit, long heldMax) {
    if (!hasBody()) {
      return InputStream.nullInputStream();
    }
    long announced = request.headers().contentLength().orElse(0);
    Body counted = new Body(request.content().inputStream(), limit, heldMax, announced, budget);
    body = counted;
    return counted;
  }

  /** The whole body, at most {@code limit} bytes; a longer one ends the request with 413. */
  public byte[] bytes(long limit) {
    try (InputStream in = body(limit)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the body's share of the budget. */
  void end() {
    if (body != null) {
      body.giveBack();
    }
  }
}

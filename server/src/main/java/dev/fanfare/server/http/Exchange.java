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

/** What a handler sees of one request. Belongs to the thread that handles it. */
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

  /** A named segment of the route's path, decoded. */
  public String path(String name) {
    return Objects.requireNonNull(path.get(name), name);
  }

  /** A header's value, or {@code null}. */
  public @Nullable String header(String name) {
    return request.headers().value(HeaderNames.create(name)).orElse(null);
  }

  /** A query parameter's only or last value, or {@code null}. */
  public @Nullable String query(String name) {
    if (!request.query().contains(name)) {
      return null;
    }
    List<String> values = request.query().all(name);
    return values.isEmpty() ? "" : values.getLast();
  }

  /**
   * Scheme and authority under which the client reached the server, by its own word and that of a
   * proxy in front: good for links that go back to this client, and for nothing else.
   */
  public String origin() {
    String host = header("Host");
    if (host == null
        || !host.matches("([0-9A-Za-z._-]{1,255}|\\[[0-9A-Fa-f:.]{2,45}])(:[0-9]{1,5})?")) {
      throw new HttpError(400, "The Host header is missing or malformed");
    }
    return ("https".equalsIgnoreCase(header("X-Forwarded-Proto")) ? "https://" : "http://") + host;
  }

  /** Whether a body follows the headers. */
  public boolean hasBody() {
    return request.content().hasEntity();
  }

  /**
   * The body, decompressed, to be read once.
   *
   * @param limit most bytes to read; a longer body ends the request with 413
   */
  public InputStream body(long limit) {
    return stream(limit, limit);
  }

  /**
   * The body, decompressed, to be read once by somebody who does not keep it.
   *
   * @param limit most bytes to read; a longer body ends the request with 413
   * @param heldMax most bytes of it that its reader holds at once
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

  /** The whole body as bytes, for the small ones. */
  public byte[] bytes(long limit) {
    try (InputStream in = body(limit)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives back what the body took from the budget. */
  void end() {
    if (body != null) {
      body.giveBack();
    }
  }
}

package dev.fanfare.server.trigger.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Durations;
import dev.fanfare.server.text.Hash;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads the headers of a trigger. */
public final class TriggerHeaders {
  private static final String REQUEST_KEY = "x-trigger-request-idempotency-key";
  private static final String KEY = "idempotency-key";
  private static final String KEY_TTL = "idempotency-key-ttl";

  private TriggerHeaders() {}

  /**
   * The request key: a hash of its header, the kind of request and what it is for, because the same
   * header with other tasks identifies another request. {@code null}: the header is absent.
   *
   * @param names what the request is for, such as its tasks, in any order and repeated or not
   */
  public static @Nullable Hash requestKey(
      Exchange exchange, String kind, Collection<String> names) {
    String header = exchange.header(REQUEST_KEY);
    if (header == null || header.isEmpty()) {
      return null;
    }
    List<String> parts = new ArrayList<>(List.of(kind, header));
    parts.addAll(new TreeSet<>(names));
    return Hash.of(parts);
  }

  /** The idempotency key in the headers, with the TTL in the headers; {@code null}: no key. */
  public static NewRun.@Nullable Key keyWithTtl(Exchange exchange, Duration defaultTtl) {
    return key(exchange, Durations.keyTtl(exchange.header(KEY_TTL), defaultTtl));
  }

  /** The idempotency key in the headers, without the TTL in the headers; {@code null}: no key. */
  public static NewRun.@Nullable Key key(Exchange exchange, Duration ttl) {
    String key = exchange.header(KEY);
    if (key == null || key.isEmpty()) {
      return null;
    }
    if (key.length() > Limits.IDEMPOTENCY_KEY_CHARS_MAX) {
      throw HttpError.header(
          KEY, "must have at most " + Limits.IDEMPOTENCY_KEY_CHARS_MAX + " characters");
    }
    RequestTexts.storable(KEY, key);
    return new NewRun.Key(key, ttl);
  }

  /** How the run is triggered, according to the headers in which clients identify themselves. */
  public static Source source(Exchange exchange) {
    String source = exchange.header("x-trigger-source");
    boolean insideTask = exchange.header("x-trigger-worker") != null;
    boolean sdk = source != null && source.toLowerCase(Locale.ROOT).equals("sdk");
    return insideTask || sdk ? Source.SDK : Source.API;
  }
}

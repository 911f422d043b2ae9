package dev.fanfare.server.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP method on one path, with its handler.
 *
 * @param method the HTTP method, upper case
 * @param path segments separated by slashes. {@code {name}} matches any one segment; {@code
 *     {name*}}, only at the end, matches one or more
 * @param access the credentials that it accepts
 * @param handler handles matching requests. For a route that accepts credentials, it includes the
 *     check of them
 */
public record Route(String method, String path, Access access, Handler handler) {
  private static final String REST = "*}";

  /** Handles one request. It runs on a virtual thread and may block. */
  @FunctionalInterface
  public interface Handler {
    /** Returns the response, or throws {@link HttpError}. */
    Response handle(Exchange exchange);
  }

  /**
   * Matches a request path.
   *
   * @param rawSegments the segments of the request path, still percent-encoded: an encoded slash
   *     does not separate segments, and each value is decoded exactly once
   * @return the decoded values by name, or {@code null} when the path does not match
   */
  @Nullable Map<String, String> match(List<String> rawSegments) {
    String[] pattern = path.substring(1).split("/", -1);
    boolean matchesRest = path.endsWith(REST);
    if (matchesRest ? pattern.length > rawSegments.size() : pattern.length != rawSegments.size()) {
      return null;
    }
    Map<String, String> named = new HashMap<>();
    for (int i = 0; i < pattern.length; i++) {
      String raw = rawSegments.get(i);
      if (matchesRest && i == pattern.length - 1) {
        String value = decode(String.join("/", rawSegments.subList(i, rawSegments.size())));
        if (value == null) {
          return null;
        }
        named.put(pattern[i].substring(1, pattern[i].length() - REST.length()), value);
      } else if (pattern[i].startsWith("{")) {
        String value = decode(raw);
        if (value == null || value.isEmpty()) {
          return null;
        }
        named.put(pattern[i].substring(1, pattern[i].length() - 1), value);
      } else if (!pattern[i].equals(raw)) {
        return null;
      }
    }
    return named;
  }

  /** Decodes percent-encoding. {@link URLDecoder} is for forms, where a plus means a space. */
  private static @Nullable String decode(String raw) {
    try {
      return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null; // malformed: no resource has such a name
    }
  }
}

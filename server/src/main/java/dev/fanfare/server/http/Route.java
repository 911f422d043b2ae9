package dev.fanfare.server.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One method on one path.
 *
 * @param method the HTTP method, upper case
 * @param path segments separated by slashes; a segment in braces takes any one segment and names
 *     it, and a last one such as {@code {path*}} takes all that are left, of which there is one
 * @param access which credentials it takes
 * @param handler what answers; for a route that takes credentials, behind the check of them
 */
public record Route(String method, String path, Access access, Handler handler) {
  private static final String REST = "*}";

  /** Answers one request; runs on a virtual thread and may block. */
  @FunctionalInterface
  public interface Handler {
    /** Answers, or throws {@link HttpError}. */
    Response handle(Exchange exchange);
  }

  /**
   * Takes {@code rawSegments} apart.
   *
   * @param rawSegments the path's segments, still encoded, so that an encoded slash stays inside
   *     its segment; each named one is decoded exactly once
   * @return the named segments, or {@code null} when the path is another one
   */
  @Nullable Map<String, String> match(List<String> rawSegments) {
    String[] pattern = path.substring(1).split("/", -1);
    boolean takesRest = path.endsWith(REST);
    if (takesRest ? pattern.length > rawSegments.size() : pattern.length != rawSegments.size()) {
      return null;
    }
    Map<String, String> named = new HashMap<>();
    for (int i = 0; i < pattern.length; i++) {
      String raw = rawSegments.get(i);
      if (takesRest && i == pattern.length - 1) {
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

  /** Percent-decoding for a path, where a plus is a plus. */
  private static @Nullable String decode(String raw) {
    try {
      return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null; // half an escape: no resource has such a name
    }
  }
}

package dev.fanfare.server.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The path of a {@link Route}, taken apart once. Immutable. */
final class PathPattern {
  private static final String REST = "*}";

  private final List<String> segments;
  private final boolean matchesRest;

  PathPattern(String path) {
    this.segments = List.of(path.substring(1).split("/", -1));
    this.matchesRest = path.endsWith(REST);
  }

  /**
   * Matches a request path.
   *
   * @param rawSegments the segments of the request path, still percent-encoded: an encoded slash
   *     does not separate segments, and each value is decoded exactly once
   * @return the decoded values by name, or {@code null} when the path does not match
   */
  @Nullable Map<String, String> match(List<String> rawSegments) {
    int count = segments.size();
    if (matchesRest ? count > rawSegments.size() : count != rawSegments.size()) {
      return null;
    }
    Map<String, String> named = new HashMap<>();
    for (int i = 0; i < count; i++) {
      String segment = segments.get(i);
      String raw = rawSegments.get(i);
      if (matchesRest && i == count - 1) {
        String value = decode(String.join("/", rawSegments.subList(i, rawSegments.size())));
        if (value == null) {
          return null;
        }
        named.put(segment.substring(1, segment.length() - REST.length()), value);
      } else if (segment.startsWith("{")) {
        String value = decode(raw);
        if (value == null || value.isEmpty()) {
          return null;
        }
        named.put(segment.substring(1, segment.length() - 1), value);
      } else if (!segment.equals(raw)) {
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

package dev.fanfare.server.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the route of a request. Immutable. */
final class Router {
  private static final String GET = "GET";
  private static final String HEAD = "HEAD";

  private final List<Known> all;

  Router(List<Route> routes) {
    this.all =
        routes.stream().map(route -> new Known(route, new PathPattern(route.path()))).toList();
  }

  private record Known(Route route, PathPattern pattern) {}

  /** A route, and the decoded values of the named segments of its path. */
  record Match(Route route, Map<String, String> path) {}

  /**
   * The route of a method and path; throws 404, or 405 with the allowed methods. HEAD finds the
   * route of GET.
   */
  Match find(String requested, String rawPath) {
    String method = requested.equals(HEAD) ? GET : requested;
    List<String> segments = segments(rawPath);
    TreeSet<String> allowed = new TreeSet<>();
    for (Known known : all) {
      Route route = known.route;
      @Nullable Map<String, String> path = known.pattern.match(segments);
      if (path != null) {
        if (route.method().equals(method)) {
          return new Match(route, path);
        }
        allowed.add(route.method());
        if (route.method().equals(GET)) {
          allowed.add(HEAD);
        }
      }
    }
    if (allowed.isEmpty()) {
      throw new HttpError(404, "Not found");
    }
    throw new HttpError(
        Response.error(405, "Method not allowed").with("Allow", String.join(", ", allowed)));
  }

  /** Whether browsers of other origins may call some method on this path. */
  boolean isForBrowsers(String rawPath) {
    List<String> segments = segments(rawPath);
    return all.stream()
        .anyMatch(
            known -> known.route.access().isForBrowsers() && known.pattern.match(segments) != null);
  }

  private static List<String> segments(String rawPath) {
    List<String> segments = new ArrayList<>(Arrays.asList(rawPath.split("/", -1)));
    segments.removeFirst(); // the empty text before the leading slash
    return segments;
  }
}

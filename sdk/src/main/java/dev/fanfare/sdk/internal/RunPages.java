package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Goes through the pages of a list as they are read. */
public final class RunPages {
  private static final String PAGE_SIZE = "100";

  private RunPages() {}

  private record Page(List<Run> runs, @Nullable String next) {}

  /**
   * All runs of a list.
   *
   * @param fetch answers the page of these query parameters
   */
  public static Stream<Run> stream(Function<Map<String, String>, byte[]> fetch) {
    return Stream.<@Nullable Page>iterate(
            page(fetch, null),
            Objects::nonNull,
            page -> page == null || page.next() == null ? null : page(fetch, page.next()))
        .flatMap(page -> Objects.requireNonNull(page).runs().stream());
  }

  private static Page page(Function<Map<String, String>, byte[]> fetch, @Nullable String after) {
    Map<String, String> paging = new LinkedHashMap<>();
    paging.put("page[size]", PAGE_SIZE);
    if (after != null) {
      paging.put("page[after]", after);
    }
    JsonNode answer = WireJson.mapper().readTree(fetch.apply(paging));
    List<Run> runs = new ArrayList<>();
    for (JsonNode run : answer.path("data")) {
      runs.add(RunParser.run(WireJson.mapper().writeValueAsBytes(run)));
    }
    JsonNode next = answer.path("pagination").path("next");
    return new Page(runs, next.isString() ? next.stringValue() : null);
  }
}

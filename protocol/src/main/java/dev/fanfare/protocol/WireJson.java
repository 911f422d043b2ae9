package dev.fanfare.protocol;

import com.fasterxml.jackson.annotation.JsonInclude;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The one JSON mapper for the records of this module: absent is omitted and never {@code null},
 * unknown fields are ignored, times are ISO-8601. Immutable; safe for use by many threads.
 */
public final class WireJson {
  /**
   * Nesting that any body may have; deeper is refused, so that no reader can be made to recurse.
   */
  public static final int DEPTH_MAX = 500;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxStringLength(Integer.MAX_VALUE) // the body's own limit bounds it
                          .build())
                  .build())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .changeDefaultPropertyInclusion(inclusion ->
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .build();

  private WireJson() {}

  /** The shared mapper. */
  public static JsonMapper mapper() {
    return MAPPER;
  }
}

package dev.fanfare.protocol;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.fanfare.protocol.worker.AssignmentJson;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The shared JSON mapper for the records of this module. It omits absent fields instead of writing
 * {@code null}, ignores unknown fields, and writes times in ISO-8601. Immutable and thread-safe.
 */
public final class WireJson {
  /**
   * Maximum nesting depth of any body. Deeper bodies are rejected, so that untrusted input cannot
   * force deep recursion.
   */
  public static final int DEPTH_MAX = 500;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxStringLength(
                              Integer.MAX_VALUE) // bounded by the size limit of the body
                          .build())
                  .build())
          .addModule(AssignmentJson.module())
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

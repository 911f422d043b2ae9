package dev.fanfare.protocol.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.fanfare.protocol.WireJson;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

class AssignmentJsonTest {
  /** A mapper that binds the fields by itself. */
  private static final JsonMapper BINDING =
      JsonMapper.builder()
          .changeDefaultPropertyInclusion(inclusion ->
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .build();

  private static final Instant TIME = Instant.parse("2026-11-30T12:34:56.789012Z");

  static List<Assignment> runs() {
    return List.of(
        new Assignment(
            "run_1", 1, 1, 3, null, "t", null, null, List.of(), null, null, "task/t", false, TIME),
        new Assignment(
            "run_2",
            Long.MAX_VALUE,
            2,
            Integer.MAX_VALUE,
            60_000L,
            "a task \"with quotes\" and \u00e9",
            "{\"a\":[1,2]}",
            "text/plain",
            List.of("a", "\u65e5\u672c"),
            "{}",
            "batch_1",
            "q",
            true,
            Instant.EPOCH),
        new Assignment(
            "run_3", 1, 1, 3, 0L, "t", "\"\"", "", List.of("a"), "", "", "q", false, TIME));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void the_json_is_that_of_data_binding(Assignment run) {
    String json = WireJson.mapper().writeValueAsString(run);

    assertThat(BINDING.readTree(json)).isEqualTo(BINDING.readTree(BINDING.writeValueAsString(run)));
    assertThat(WireJson.mapper().readValue(json, Assignment.class)).isEqualTo(run);
    assertThat(BINDING.readValue(json, Assignment.class)).isEqualTo(run);
  }

  @ParameterizedTest
  @MethodSource("runs")
  void fields_that_are_null_or_unknown_are_passed_over(Assignment run) {
    String json = WireJson.mapper().writeValueAsString(run);
    String more = json.replaceFirst("\\{", "{\"new\":{\"runId\":[1,{}]},\"other\":null,");

    assertThat(WireJson.mapper().readValue(more, Assignment.class)).isEqualTo(run);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "1",
        "{}",
        "{\"runId\":\"r\",\"task\":\"t\",\"queue\":\"q\"}",
        "{\"runId\":\"r\",\"task\":\"t\",\"queue\":\"q\",\"createdAt\":\"now\"}",
        "{\"runId\":\"r\",\"task\":\"t\",\"queue\":\"q\",\"tags\":\"a\"}",
        "{\"runId\":\"r\",\"fence\":\"x\"}",
        "{\"runId\":"
      })
  void what_is_no_run_is_refused(String json) {
    assertThatThrownBy(() -> WireJson.mapper().readValue(json, Assignment.class))
        .isInstanceOf(JacksonException.class);
  }
}

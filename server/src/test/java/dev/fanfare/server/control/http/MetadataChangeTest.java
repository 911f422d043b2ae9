package dev.fanfare.server.control.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.http.HttpError;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The results of metadata changes; the HTTP contract has its own tests. */
class MetadataChangeTest {

  private static String set(String... keys) {
    String operations =
        IntStream.range(0, keys.length)
            .mapToObj(i -> "{\"type\":\"set\",\"key\":\"" + keys[i] + "\",\"value\":" + i + "}")
            .collect(Collectors.joining(",", "{\"operations\":[", "]}"));
    return MetadataChange.read(operations.getBytes(StandardCharsets.UTF_8))
        .own()
        .apply(null)
        .orElseThrow(HttpError::of);
  }

  @Test
  void a_path_creates_missing_objects_and_arrays() {
    assertThat(set("$.a[2].b", "$.a[0]")).isEqualTo("{\"a\":[1,null,{\"b\":0}]}");
    assertThat(set("$.a..b.", "$..c")).isEqualTo("{\"a\":{\"b\":0},\"c\":1}");
  }

  @Test
  void a_few_large_array_indexes_cannot_exhaust_the_memory() {
    assertThat(set("$.a[9999]")).hasSize("{\"a\":[0]}".length() + 9_999 * "null,".length());
    String path = "$.a" + "[9999]".repeat(9);
    assertThatThrownBy(() -> set(path))
        .isInstanceOf(HttpError.class)
        .hasMessage("Metadata exceeds maximum size of 262144 bytes");
    String[] many =
        IntStream.range(0, 9).mapToObj(i -> "$.a" + i + "[9999]").toArray(String[]::new);
    assertThatThrownBy(() -> set(many)).isInstanceOf(HttpError.class);
  }
}

package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PublicIdTest {
  private static final UUID LEAST = new UUID(0, 0);
  private static final UUID GREATEST = new UUID(-1, -1);

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  private List<UUID> someIds() {
    List<UUID> ids = new ArrayList<>(List.of(LEAST, GREATEST, new UUID(0, -1), new UUID(-1, 0)));
    for (int i = 0; i < 2_000; i++) {
      ids.add(new UUID(random.nextLong(), random.nextLong() >>> random.nextInt(64)));
    }
    return ids;
  }

  @Test
  void any_id_reads_back_as_it_was_written() {
    for (UUID id : someIds()) {
      String text = PublicId.format(PublicId.RUN, id);
      assertThat(text).matches("run_[0-9a-z]{25}");
      assertThat(PublicId.parse(PublicId.RUN, text)).as("seed %d", seed).isEqualTo(id);
    }
  }

  @Test
  void the_text_is_the_number_in_base_36() {
    for (UUID id : someIds()) {
      String digits = new BigInteger(id.toString().replace("-", ""), 16).toString(36);
      assertThat(PublicId.format("", id)).isEqualTo("0".repeat(25 - digits.length()) + digits);
    }
  }

  @Test
  void texts_sort_as_their_ids_do() {
    List<UUID> ids = someIds();
    ids.sort(Comparator.comparing(UUID::toString));
    assertThat(ids.stream().map(id -> PublicId.format(PublicId.BATCH, id)).toList()).isSorted();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "run_",
        "run_000000000000000000000000",
        "run_00000000000000000000000000",
        "run_000000000000000000000000A",
        "run_00000000000000000000000-1",
        "run_000000000000000000000000\u0660",
        "run_000000000000000000000000 ",
        "RUN_0000000000000000000000000",
        "batch_0000000000000000000000000",
        "run_f5lxx1zz5pnorynqglhzmsp34",
        "run_zzzzzzzzzzzzzzzzzzzzzzzzz"
      })
  void a_text_that_is_not_an_id_parses_to_null(String text) {
    assertThat(PublicId.parse(PublicId.RUN, text)).isNull();
  }

  @Test
  void the_largest_uuid_has_the_largest_valid_text() {
    assertThat(PublicId.format(PublicId.RUN, GREATEST)).isEqualTo("run_f5lxx1zz5pnorynqglhzmsp33");
  }

  @Test
  void garbage_never_throws() {
    for (int i = 0; i < 5_000; i++) {
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "run_" : "");
      int length = random.nextInt(40);
      for (int c = 0; c < length; c++) {
        text.append((char) random.nextInt(random.nextBoolean() ? 128 : 0x10000));
      }
      UUID id = PublicId.parse(PublicId.RUN, text.toString());
      if (id != null) {
        assertThat(PublicId.format(PublicId.RUN, id)).isEqualTo(text.toString());
      }
    }
  }
}

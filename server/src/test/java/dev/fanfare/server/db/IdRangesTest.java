package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IdRangesTest {
  private static final Instant WEDNESDAY = Instant.parse("2026-12-02T10:00:00Z");

  private final SettableClock clock = new SettableClock(WEDNESDAY);
  private final IdRanges weeks = new IdRanges(Duration.ofDays(7), clock);

  private String within(String column, Object ids) {
    return weeks.within(column, ids, weeks.now());
  }

  private String since(String column, Object ids) {
    return weeks.since(column, ids, weeks.now());
  }

  private String across(String column, Object ids) {
    return weeks.across(column, ids, weeks.now());
  }

  private String recent(String column) {
    return weeks.recent(column, weeks.now());
  }

  private static UUID id(String time) {
    return IdRanges.first(Instant.parse(time).toEpochMilli());
  }

  private static UUID[] ids(String... times) {
    return Stream.of(times).map(IdRangesTest::id).toArray(UUID[]::new);
  }

  @Test
  void a_range_is_a_week_from_monday_to_monday() {
    assertThat(id("2026-12-07T00:00:00Z")).isEqualTo(first("2026-12-07T00:00:00Z"));
    assertThat(within("x.run_id", id("2026-11-30T00:00:00Z")))
        .isEqualTo(within("x.run_id", id("2026-12-06T23:59:59.999Z")))
        .isEqualTo(between("2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"))
        .isNotEqualTo(within("x.run_id", id("2026-11-29T23:59:59.999Z")));
  }

  private static UUID first(String time) {
    return new UUID(Instant.parse(time).toEpochMilli() << 16, 0);
  }

  private static String between(String from, String to) {
    return "(x.run_id >= '%s' and x.run_id < '%s')".formatted(id(from), id(to));
  }

  @Test
  void ids_of_adjacent_ranges_share_a_condition_and_distant_ones_do_not() {
    assertThat(within("x.run_id", ids("2026-11-30T00:00:00Z", "2026-11-24T00:00:00Z")))
        .isEqualTo(between("2026-11-23T00:00:00Z", "2026-12-07T00:00:00Z"));
    assertThat(within("x.run_id", ids("2026-11-30T00:00:00Z", "2026-10-01T00:00:00Z")))
        .isEqualTo(
            "("
                + between("2026-09-28T00:00:00Z", "2026-10-05T00:00:00Z")
                + " or "
                + between("2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z")
                + ")");
  }

  @Test
  void ids_of_many_ranges_are_bounded_at_both_ends() {
    UUID[] spread =
        ids(
            "2026-09-01T00:00:00Z",
            "2026-09-15T00:00:00Z",
            "2026-10-01T00:00:00Z",
            "2026-11-01T00:00:00Z",
            "2026-11-30T00:00:00Z");
    assertThat(within("x.run_id", spread))
        .isEqualTo(between("2026-08-31T00:00:00Z", "2026-12-07T00:00:00Z"));
  }

  @Test
  void a_condition_across_ids_includes_the_ranges_between_them() {
    assertThat(across("x.run_id", ids("2026-11-30T00:00:00Z", "2026-10-01T00:00:00Z")))
        .isEqualTo(between("2026-09-28T00:00:00Z", "2026-12-07T00:00:00Z"));
    assertThat(across("x.run_id", ids("1970-01-01T00:00:00Z", "2026-11-30T00:00:00Z")))
        .isEqualTo("(true and x.run_id < '%s')".formatted(id("2026-12-07T00:00:00Z")));
  }

  @Test
  void no_ids_match_nothing() {
    assertThat(within("x.run_id", new UUID[0])).isEqualTo("false");
    assertThat(since("x.run_id", new UUID[0])).isEqualTo("false");
    assertThat(across("x.run_id", new UUID[0])).isEqualTo("false");
  }

  @Test
  void old_and_future_ids_are_one_open_range_each() {
    assertThat(within("x", id("2019-01-01T00:00:00Z")))
        .isEqualTo(within("x", id("2024-12-31T00:00:00Z")))
        .startsWith("(true and x < '");
    assertThat(within("x", id("2026-12-15T00:00:00Z")))
        .isEqualTo(within("x", id("2099-01-01T00:00:00Z")))
        .isEqualTo("(x >= '%s' and true)".formatted(id("2026-12-14T00:00:00Z")));
    assertThat(since("x", ids("2026-12-02T00:00:00Z", "2026-11-29T00:00:00Z")))
        .isEqualTo("(x >= '%s' and true)".formatted(id("2026-11-23T00:00:00Z")));
  }

  @Test
  void recent_is_the_present_range_and_at_its_beginning_the_one_before_it() {
    assertThat(recent("x.run_id"))
        .isEqualTo(between("2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"));
    clock.set(Instant.parse("2026-11-30T20:59:59Z"));
    assertThat(recent("x.run_id"))
        .isEqualTo(between("2026-11-23T00:00:00Z", "2026-12-07T00:00:00Z"));
    clock.set(Instant.parse("2026-11-30T21:00:00Z"));
    assertThat(recent("x.run_id"))
        .isEqualTo(between("2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"));
  }

  @Test
  void any_id_gives_a_condition_and_their_number_is_bounded() {
    Random random = new Random(1);
    long texts =
        Stream.generate(() -> new UUID(random.nextLong(), random.nextLong()))
            .limit(1_000)
            .flatMap(
                id -> Stream.of(id, IdRanges.first(random.nextLong(2 * WEDNESDAY.toEpochMilli()))))
            .map(id -> within("x", id))
            .distinct()
            .count();
    assertThat(texts).isLessThanOrEqualTo(67);
  }
}

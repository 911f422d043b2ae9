package dev.fanfare.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.Engine;
import dev.fanfare.server.Filters;
import dev.fanfare.server.Item;
import dev.fanfare.server.Tenant;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A search that has no time for a second round. */
class ListRunsTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();
  private final ListRuns lists = new ListRuns(engine.database, Duration.ZERO);

  /** More than the first two rounds reach, in thousands. */
  private static final int MANY = 12;

  /**
   * Many runs have either tag, and only {@code both}, of the newest thousand, have both. Returns
   * the newest thousand.
   */
  private List<UUID> fill(int... both) {
    for (int i = 1; i < MANY; i++) {
      fillThousand();
    }
    return fillThousand(both);
  }

  private List<UUID> fillThousand(int... both) {
    Item[] items = new Item[1_000];
    for (int i = 0; i < items.length; i++) {
      items[i] = Item.of(i % 2 == 0 ? "a" : "b").tags(i % 2 == 0 ? "x" : "y");
    }
    for (int i : both) {
      items[i] = Item.of("a").tags("y");
    }
    return tenant.batch(items).items().stream().map(item -> item.runId()).toList();
  }

  private Result<ListRuns.Page> page(UUID after, UUID before) {
    RunFilter filter = new Filters().tasks(List.of("a")).tags(List.of("y")).toFilter();
    return lists.page(tenant.id(), filter, 10, after, before, bytes -> {});
  }

  @Test
  void a_search_that_found_nothing_in_time_is_refused_instead_of_showing_an_empty_page() {
    UUID oldest = fillThousand().getFirst();
    fill();
    for (Result<ListRuns.Page> page : List.of(page(null, null), page(null, oldest))) {
      assertThat(page)
          .isInstanceOfSatisfying(
              Result.Refused.class,
              refused -> {
                assertThat(refused.refusal().reason()).isEqualTo(Refusal.Reason.UNPROCESSABLE);
                assertThat(refused.refusal().message()).contains("narrow the filter");
              });
    }
  }

  @Test
  void a_search_that_found_too_few_in_time_shows_them_and_where_to_continue() {
    List<UUID> runs = fill(999, 998, 990);
    List<UUID> shown = new ArrayList<>();
    ListRuns.Page page = page(null, null).orElseThrow(HttpError::of);
    page.runs().forEach(run -> shown.add(run.id()));
    assertThat(shown).containsExactly(runs.get(999), runs.get(998), runs.get(990));
    assertThat(page.next()).isEqualTo(runs.get(990));
    assertThat(page.previous()).isNull();
  }

  @Test
  void a_condition_with_few_runs_needs_no_second_round() {
    fill(5);
    UUID alone = tenant.trigger(Item.of("a").tags("y", "z"));
    RunFilter filter = new Filters().tasks(List.of("a")).tags(List.of("z")).toFilter();
    assertThat(
            lists
                .page(tenant.id(), filter, 10, null, null, bytes -> {})
                .orElseThrow(HttpError::of)
                .runs())
        .extracting(Run::id)
        .containsExactly(alone);
  }

  @Test
  void a_long_search_ends_when_nobody_waits_for_it() {
    fill();
    ListRuns patient = new ListRuns(engine.database, Duration.ofMinutes(1));
    AtomicInteger calls = new AtomicInteger();
    ListRuns.Reader leaving =
        new ListRuns.Reader() {
          @Override
          public void reserve(long bytes) {}

          @Override
          public void requirePresent() {
            if (calls.incrementAndGet() == 2) {
              throw new HttpError(499, "gone");
            }
          }
        };
    RunFilter filter = new Filters().tasks(List.of("a")).tags(List.of("y")).toFilter();
    assertThatThrownBy(() -> patient.page(tenant.id(), filter, 10, null, null, leaving))
        .isInstanceOf(HttpError.class);
    assertThat(calls).hasValue(2);
  }
}

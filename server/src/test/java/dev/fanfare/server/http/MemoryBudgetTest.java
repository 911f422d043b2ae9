package dev.fanfare.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
  private static final long KIB = 1024;
  private static final long SMALL = 1024 * KIB;
  private static final long ALL = 16 * 1024 * KIB;

  private final MemoryBudget budget = new MemoryBudget(100, SMALL, ALL);

  private static void refused(Runnable take) {
    assertThatThrownBy(take::run)
        .isInstanceOfSatisfying(
            HttpError.class,
            e -> {
              assertThat(e.response().status()).isEqualTo(503);
              assertThat(e.response().headers()).containsKey("Retry-After");
            });
  }

  @Test
  void a_request_takes_until_nothing_is_left_and_returns_all_at_once() {
    MemoryBudget.Share first = budget.share();
    first.take(ALL - 100);
    first.take(100);
    MemoryBudget.Share second = budget.share();
    refused(() -> second.take(ALL / 2));
    first.giveBack();
    second.take(ALL);
    second.giveBack();
  }

  @Test
  void small_requests_are_served_while_a_large_one_holds_everything() {
    budget.share().take(ALL);
    MemoryBudget.Share small = budget.share();
    small.take(100 * KIB);
    small.take(100 * KIB);
    refused(() -> small.take(400 * KIB)); // then it is not small any more
    small.giveBack();
    budget.share().take(500 * KIB);
    budget.share().take(500 * KIB);
    refused(() -> budget.share().take(100 * KIB));
  }

  @Test
  void a_request_that_grows_leaves_the_part_of_the_small_ones() {
    MemoryBudget.Share grows = budget.share();
    grows.take(500 * KIB);
    grows.take(ALL - 500 * KIB);
    budget.share().take(500 * KIB);
    budget.share().take(500 * KIB);
    grows.giveBack();
    budget.share().take(ALL);
  }

  @Test
  void what_is_held_already_is_never_refused_and_counts() {
    MemoryBudget.Share holds = budget.share();
    holds.take(1);
    holds.hold(2 * ALL);
    refused(() -> budget.share().take(SMALL));
    holds.giveBack();
    budget.share().take(ALL);
  }

  @Test
  void bodies_have_a_limit_of_their_own() {
    MemoryBudget.Share first = budget.share();
    first.takeBody(100);
    refused(() -> budget.share().takeBody(1));
    first.giveBack();
    budget.share().takeBody(100);
  }
}

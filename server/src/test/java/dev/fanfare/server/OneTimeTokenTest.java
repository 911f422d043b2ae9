package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A used one-time token is stored together with what it triggered, once. */
class OneTimeTokenTest {
  private static final Duration LIFE = Duration.ofMinutes(15);
  private static final Duration BOUND = Duration.ofSeconds(30);

  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private static OneTimeToken token(int n) {
    return new OneTimeToken("%064x".formatted(n), engine.clock.instant().plus(LIFE));
  }

  private boolean triggers(OneTimeToken token) {
    try {
      tenant.triggered(Item.of("a"), token);
      return true;
    } catch (HttpError e) {
      assertThat(e.response().status()).isEqualTo(422);
      return false;
    }
  }

  @Test
  void of_many_concurrent_triggers_each_token_creates_one_run() {
    List<Boolean> created = Concurrently.call(40, i -> triggers(token(i % 4)));
    assertThat(created.stream().filter(c -> c)).hasSize(4);
    assertThat(tenant.count("runs")).isEqualTo(4);
    assertThat(tenant.count("ready")).isEqualTo(4);
    assertThat(tenant.count("used_tokens")).isEqualTo(4);
  }

  @Test
  void a_used_token_does_not_fail_other_triggers_in_its_group_commit() {
    OneTimeToken used = token(1);
    assertThat(triggers(used)).isTrue();
    List<Boolean> created =
        Concurrently.call(
            20,
            i -> {
              if (i % 5 == 0) {
                return triggers(used);
              }
              tenant.trigger(Item.of("a"));
              return true;
            });
    assertThat(created.stream().filter(c -> !c)).hasSize(4);
    assertThat(tenant.count("runs")).isEqualTo(17);
  }

  @Test
  void a_batch_with_a_used_token_stores_nothing() {
    tenant.batch(token(1), Item.of("a"), Item.of("a"));
    assertThatThrownBy(() -> tenant.batch(token(1), Item.of("a").key("k"), Item.of("a")))
        .isInstanceOf(HttpError.class);
    assertThat(tenant.count("batches")).isEqualTo(1);
    assertThat(tenant.count("runs")).isEqualTo(2);
    assertThat(tenant.count("idempotency_keys")).isZero();
  }

  @Test
  void a_trigger_with_a_token_shares_no_transaction_with_triggers_without_one() {
    Item withKey = Item.of("a").key("before");
    tenant.trigger(withKey); // creates the lane
    FutureTask<Boolean> withToken = new FutureTask<>(() -> triggers(token(1)));
    List<UUID> others = new ArrayList<>();
    engine.database.transaction(
        tenant.id(),
        tx -> {
          tx.sql("lock table used_tokens in exclusive mode").update();
          Thread.ofVirtual().start(withToken);
          Await.until("the token waits for the table", BOUND, this::isLockAwaited);
          List<Item> items =
              List.of(
                  Item.of("a").key("k"),
                  Item.of("a").debounce("d", Duration.ofMinutes(1)),
                  Item.of("a").parent(tenant.trigger(withKey)),
                  Item.of("a"));
          items.forEach(item -> others.add(tenant.trigger(item)));
          assertThat(withToken.isDone()).isFalse();
          return null;
        });
    assertThat(others).hasSize(4);
    assertThat(withToken).succeedsWithin(BOUND).isEqualTo(true);
  }

  private boolean isLockAwaited() {
    return tenant.number("select count(*)::int as n from pg_locks where not granted") > 0;
  }

  @Test
  void a_trigger_that_returns_an_existing_run_does_not_use_up_the_token() {
    Item item = Item.of("a").key("k");
    tenant.triggered(item, token(1));
    assertThat(tenant.triggered(item, token(1)).cached()).isTrue();
    assertThat(tenant.triggered(item, token(2)).cached()).isTrue();
    assertThat(triggers(token(2))).isTrue();
  }

  @Test
  void the_same_token_in_another_environment_is_a_different_token() {
    assertThat(triggers(token(1))).isTrue();
    assertThat(engine.tenant().triggered(Item.of("a"), token(1)).cached()).isFalse();
  }

  @Test
  void a_sweep_deletes_a_used_token_a_day_after_it_expired_and_not_before() {
    triggers(token(1));
    engine.sweep("UsedTokenSweep", engine.clock.instant().plus(LIFE).plus(Duration.ofHours(23)));
    assertThat(tenant.count("used_tokens")).isEqualTo(1);
    engine.sweep("UsedTokenSweep", engine.clock.instant().plus(LIFE).plus(Duration.ofHours(25)));
    assertThat(tenant.count("used_tokens")).isZero();
  }
}

package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.lease.ClaimMemory;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.worker.PollRuns;
import dev.fanfare.server.worker.PollRuns.Order;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Polls that ask for the runs of many lost responses: what does not fit is queued again. */
class ResendTest {
  private static final String LONG = "\"" + "p".repeat(1_500_000) + "\"";

  private static final ClaimMemory NONE =
      new ClaimMemory() {
        @Override
        public boolean isSpent() {
          return true;
        }

        @Override
        public void hold(long chars) {}
      };

  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private int maxLosses() {
    return tenant.number(
        "select max(losses)::int as n from ready where environment_id = :environment");
  }

  @Test
  void HBT_11_runs_that_exceed_a_response_are_queued_again_without_a_loss() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 6));
    List<UUID> runs = tenant.triggerMany(6, Item.of("a").payload(LONG));
    for (int poll = 1; poll <= 3; poll++) {
      assertThat(worker.poll(new Order(2, poll, 0, null)).now().runs()).hasSize(2);
    }
    List<ClaimedRun> again = worker.poll(new Order(6, 4, 1, null)).now().runs();
    assertThat(again).extracting(ClaimedRun::runId).containsExactlyElementsOf(runs.subList(0, 4));
    assertThat(tenant.slotsInUse()).isEqualTo(4);
    assertThat(tenant.count("ready")).isEqualTo(2);
    assertThat(maxLosses()).isZero();
    again.forEach(run -> assertThat(worker.succeed(run, "1").lost()).isEmpty());
    assertThat(worker.poll(new Order(6, 5, 0, null)).now().runs())
        .extracting(ClaimedRun::runId)
        .containsExactlyElementsOf(runs.subList(4, 6));
  }

  @Test
  void HBT_11_without_memory_a_poll_claims_nothing_and_lost_runs_are_queued_again() {
    Worker worker = tenant.worker("a");
    List<UUID> runs = tenant.triggerMany(3, Item.of("a"));
    assertThat(worker.poll(new Order(2, 1, 0, null)).now().runs()).hasSize(2);
    assertThat(worker.poll(new Order(3, 2, 1, null), NONE).now().runs()).isEmpty();
    assertThat(tenant.count("leases")).isZero();
    assertThat(maxLosses()).isZero();
    assertThat(worker.poll(new Order(3, 3, 0, null)).now().runs())
        .extracting(ClaimedRun::runId)
        .containsExactlyElementsOf(runs);
  }

  /** The commit of a round may have reached the database although nothing came back. */
  @Test
  void
      HBT_11_a_numbered_poll_whose_second_round_fails_gets_no_response_and_the_next_one_its_runs() {
    Worker worker = tenant.worker("a");
    Item[] items =
        IntStream.range(0, 70) // more lanes than one round of a claim covers
            .mapToObj(i -> Item.of("a").concurrencyKey("k" + i))
            .toArray(Item[]::new);
    tenant.batch(items);
    execute(
        """
        create sequence faults;
        create function fault() returns trigger language plpgsql as $$
        begin
          if nextval('faults') = 2 then
            raise exception 'intended fault';
          end if;
          return null;
        end $$;
        create trigger fault before insert on leases for each statement execute function fault();
        """);
    try {
      PollRuns.Poll poll = worker.poll(new Order(70, 1, 0, null));
      assertThatThrownBy(poll::now).isInstanceOf(DatabaseException.class);
    } finally {
      execute("drop trigger fault on leases; drop function fault(); drop sequence faults");
    }
    int leased = tenant.count("leases");
    assertThat(leased).isBetween(1, 69);
    assertThat(worker.poll(new Order(70, 2, 1, null)).now().runs()).hasSize(leased);
    assertThat(worker.poll(new Order(70, 3, 0, null)).now().runs()).hasSize(70 - leased);
  }

  private static void execute(String sql) {
    engine.database.transaction(tx -> tx.sql(sql).update());
  }
}

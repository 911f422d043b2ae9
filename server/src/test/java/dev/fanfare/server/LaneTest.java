package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.lease.ClaimedRun;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The lanes themselves: their numbers. */
class LaneTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private static void execute(String sql) {
    engine.database.transaction(tx -> tx.sql(sql).update());
  }

  @Test
  void the_numbers_of_lanes_may_exceed_32_bits() {
    execute("alter table lanes alter column lane_id restart with 3000000000");
    UUID parked = tenant.trigger(Item.of("undeclared"));
    Worker worker = tenant.worker(Tenant.limited("a", "q", 10));
    Duration ttl = Duration.ofHours(1);
    UUID ended = tenant.trigger(Item.of("a").ttl(ttl));
    UUID expired = tenant.trigger(Item.of("a").ttl(ttl).priority(Duration.ofHours(-1)));
    UUID delayed =
        tenant.trigger(Item.of("a").delayUntil(engine.clock.instant().plus(Duration.ofHours(2))));
    UUID canceled = tenant.trigger(Item.of("a").concurrencyKey("k"));
    tenant.cancel(canceled);
    assertThat(tenant.park()).isEqualTo(1);
    ClaimedRun claimed = worker.claim(1).getFirst();
    worker.succeed(claimed, "1");
    engine.sweep("ExpireSweep", engine.clock.instant().plus(ttl));
    tenant.worker("undeclared");
    assertThat(
            tenant.number(
                """
                select count(*)::int as n
                  from lanes
                 where environment_id = :environment
                   and lane_id >= 3000000000
                """))
        .isEqualTo(3);
    assertThat(tenant.status(ended)).isEqualTo(RunStatus.COMPLETED);
    assertThat(tenant.status(expired)).isEqualTo(RunStatus.EXPIRED);
    assertThat(tenant.status(delayed)).isEqualTo(RunStatus.DELAYED);
    assertThat(tenant.status(canceled)).isEqualTo(RunStatus.CANCELED);
    assertThat(tenant.status(parked)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.slotsInUse()).isZero();
  }
}

package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.TestDatabase;
import java.time.Duration;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Time zones of the JVM that PostgreSQL may not know by their names. */
class JvmTimeZoneTest {
  private final TimeZone before = TimeZone.getDefault();

  @AfterEach
  void restore() {
    TimeZone.setDefault(before);
  }

  private static String zoneOfConnection() {
    try (TestDatabase home = MigratedDatabase.create();
        Database database =
            Database.open(
                new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()),
                1,
                Duration.ofSeconds(30),
                MigratedDatabase.RANGES)) {
      return database.transaction(
          tx -> tx.sql("select current_setting('TimeZone') as zone").first(r -> r.text("zone")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"IST", "PST", "ACT", "CTT", "GMT+05:30", "Asia/Kolkata", "Asia/Rangoon"})
  void zones_of_java_connect_and_keep_their_time(String id) {
    zoneOfConnection(); // the template is made by the test kit, which connects by itself
    TimeZone zone = TimeZone.getTimeZone(id);
    try (TestDatabase home = MigratedDatabase.create()) {
      TimeZone.setDefault(zone);
      DatabaseAddress address = new DatabaseAddress(home.jdbcUrl(), home.user(), home.password());
      Database.check(address, Duration.ZERO);
      Database.migrate(address);
      assertThat(TimeZone.getDefault().getRawOffset()).isEqualTo(zone.getRawOffset());
    }
  }

  @Test
  void a_zone_that_only_this_jvm_knows_becomes_utc() {
    try (TestDatabase home = MigratedDatabase.create()) {
      TimeZone zone = (TimeZone) TimeZone.getTimeZone("Asia/Tokyo").clone();
      zone.setID("Atlantis/Capital");
      TimeZone.setDefault(zone);
      Database.check(
          new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()), Duration.ZERO);
      assertThat(TimeZone.getDefault().getID()).isEqualTo("UTC");
    }
  }
}

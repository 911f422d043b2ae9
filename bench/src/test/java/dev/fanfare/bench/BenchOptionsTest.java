package dev.fanfare.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BenchOptionsTest {
  @Test
  void without_names_everything_runs_that_is_not_long() {
    BenchOptions options = BenchOptions.parse(new String[0]);

    assertThat(options.wants("ingest")).isTrue();
    assertThat(options.names("stored")).isFalse();
    assertThat(options.peers()).isEmpty();
    assertThat(options.repeats()).isEqualTo(3);
  }

  @Test
  void only_named_workloads_run() {
    BenchOptions options = BenchOptions.parse(new String[] {"--only=drain,stored", "--no-peers"});

    assertThat(options.wants("drain")).isTrue();
    assertThat(options.wants("ingest")).isFalse();
    assertThat(options.names("stored")).isTrue();
    assertThat(options.peers()).isNull();
  }

  @Test
  void an_unknown_name_is_refused_with_the_known_ones() {
    assertThatThrownBy(() -> BenchOptions.parse(new String[] {"--only=ingets"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ingets")
        .hasMessageContaining("ingest drain");
    assertThatThrownBy(() -> BenchOptions.parse(new String[] {"--peers=pgboss"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pg-boss");
  }

  @Test
  void the_usage_names_every_workload() {
    assertThat(BenchOptions.USAGE).contains(Bench.names());
  }
}

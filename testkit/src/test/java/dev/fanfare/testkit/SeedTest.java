package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SeedTest {
  private final String given = System.getProperty(Seed.PROPERTY);

  @BeforeEach
  void forgetTheSeedOfThisBuild() {
    System.clearProperty(Seed.PROPERTY);
  }

  @AfterEach
  void restoreIt() {
    if (given != null) {
      System.setProperty(Seed.PROPERTY, given);
    } else {
      System.clearProperty(Seed.PROPERTY);
    }
  }

  @Test
  void a_failure_names_the_seed_that_replays_it() {
    List<Long> drawn = new ArrayList<>();
    Throwable failure =
        catchThrowable(() ->
            Seed.run(random -> {
              drawn.add(random.nextLong());
              throw new IllegalStateException("broken");
            }));
    assertThat(failure).isInstanceOf(AssertionError.class).hasMessageContaining("broken");

    String seed = failure.getMessage().replaceAll("(?s).*-Dfanfare.seed=(-?\\d+).*", "$1");
    System.setProperty(Seed.PROPERTY, seed);
    Seed.run(random -> drawn.add(random.nextLong()));
    assertThat(drawn.get(1)).isEqualTo(drawn.get(0));
  }

  @Test
  void runs_as_often_as_requested_with_different_seeds() {
    List<Long> drawn = new ArrayList<>();
    Seed.run(10, random -> drawn.add(random.nextLong()));
    assertThat(drawn).hasSize(10).doesNotHaveDuplicates();
  }

  @Test
  void stops_at_the_first_failure() {
    List<Integer> runs = new ArrayList<>();
    assertThatThrownBy(() ->
            Seed.run(
                10,
                random -> {
                  runs.add(1);
                  assertThat(runs).hasSizeLessThan(3);
                }))
        .hasMessageContaining("Failed with seed");
    assertThat(runs).hasSize(3);
  }
}

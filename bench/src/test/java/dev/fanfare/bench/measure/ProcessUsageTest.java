package dev.fanfare.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class ProcessUsageTest {
  /** Far less than the child below uses. */
  private static final double SECONDS_OF_CHILD = 0.1;

  @Test
  void counts_what_an_ended_child_used() throws Exception {
    new ProcessBuilder("sh", "-c", "i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done")
        .start()
        .waitFor();

    double together = ProcessUsage.seconds(ProcessHandle.current());

    double own =
        ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis() / 1_000.0;
    assertThat(together).isGreaterThan(own + SECONDS_OF_CHILD);
  }

  @Test
  void knows_the_memory_of_this_process() {
    assertThat(ProcessUsage.residentBytes(ProcessHandle.current()))
        .isGreaterThan(Runtime.getRuntime().totalMemory() / 100.0);
  }

  @Test
  void nothing_is_known_of_a_process_that_has_ended() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();

    assertThat(ProcessUsage.seconds(process.toHandle())).isNaN();
    assertThat(ProcessUsage.residentBytes(process.toHandle())).isNaN();
  }
}

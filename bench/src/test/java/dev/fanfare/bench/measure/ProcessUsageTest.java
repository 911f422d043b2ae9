package dev.fanfare.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class ProcessUsageTest {
  /** Longer than the kernel's unit of CPU time. */
  private static final double SECONDS = 0.2;

  @Test
  void counts_what_this_process_and_its_ended_children_used() throws Exception {
    double before = ProcessUsage.seconds(ProcessHandle.current());
    new ProcessBuilder("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
        .start()
        .waitFor();
    double after = ProcessUsage.seconds(ProcessHandle.current());
    while (ProcessUsage.seconds(ProcessHandle.current()) < after + SECONDS) {
      Thread.onSpinWait();
    }

    assertThat(after).isGreaterThan(before);
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

package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TemporaryHomeTest {
  @Test
  void deletes_only_what_a_killed_jvm_left() throws IOException {
    Path abandoned = Files.createTempDirectory("fanfare-test-0-");
    Files.createFile(abandoned.resolve("lock"));
    Path beingMade = Files.createTempDirectory("fanfare-test-0-");
    Path ours = TemporaryHome.create();
    Files.createFile(ours.resolve("lock"));

    TemporaryHome.delete(TemporaryHome.create());

    assertThat(abandoned).doesNotExist();
    assertThat(beingMade).exists();
    assertThat(ours).exists();
    Files.delete(beingMade);
    TemporaryHome.delete(ours);
  }
}

package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class BinariesTest {
  private final Archive archive = Archive.onClassPath();
  @TempDir Path cache;

  @Test
  void concurrent_callers_get_one_complete_folder() throws Exception {
    List<Future<Binaries>> found = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 4; i++) {
        found.add(threads.submit(() -> Binaries.in(cache, archive)));
      }
      for (Future<Binaries> binaries : found) {
        assertThat(binaries.get(100, TimeUnit.SECONDS)).isEqualTo(found.getFirst().get());
      }
    }
    assertThat(names()).hasSize(2).allMatch(name -> !name.contains("unpacking"));
  }

  @Test
  void a_filled_cache_is_only_read() throws Exception {
    Binaries first = Binaries.in(cache, archive);
    for (String name : names()) {
      if (name.endsWith(".lock")) {
        Files.delete(cache.resolve(name)); // any writer would create it again
      }
    }
    assertThat(Binaries.in(cache, archive)).isEqualTo(first);
    assertThat(names()).hasSize(1);
  }

  @Test
  void the_remains_of_a_killed_unpacking_are_deleted() throws Exception {
    String name = "postgres-" + archive.fingerprint();
    Path half = Files.createDirectories(cache.resolve(name + ".unpacking-1").resolve("bin"));
    Files.writeString(half.resolve("postgres"), "half a program");
    assertRuns(Binaries.in(cache, archive));
    assertThat(half).doesNotExist();
  }

  @Test
  void a_killed_unpacking_is_repeated_and_two_jvms_take_turns(@TempDir Path homes)
      throws Exception {
    ServerJvm killed = ServerJvm.launch(config(homes.resolve("killed")));
    Poll.until(
        "it unpacks",
        Duration.ofSeconds(30),
        () -> names().stream().anyMatch(name -> name.contains("unpacking")));
    killed.kill();
    assertThat(names()).doesNotContain("postgres-" + archive.fingerprint());

    try (ServerJvm one = ServerJvm.launch(config(homes.resolve("one")));
        ServerJvm two = ServerJvm.launch(config(homes.resolve("two")))) {
      assertThat(one.awaitReady()).isNotEqualTo(two.awaitReady());
    }
    assertThat(names()).hasSize(2).allMatch(name -> !name.contains("unpacking"));
  }

  private EmbeddedPostgresConfig config(Path home) {
    return EmbeddedPostgresConfig.in(home).withBinaries(cache);
  }

  @Test
  void a_folder_with_missing_programs_is_unpacked_again() throws Exception {
    Path bin = cache.resolve("postgres-" + archive.fingerprint()).resolve("bin");
    Files.createDirectories(bin);
    assertRuns(Binaries.in(cache, archive));
  }

  private static void assertRuns(Binaries binaries) throws Exception {
    assertThat(new Identity(List.of(), null).version(binaries).output())
        .startsWith("postgres (PostgreSQL) 18");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}

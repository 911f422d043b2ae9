package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real JVMs killed with SIGKILL, and what the next one finds. */
@Timeout(120)
class CrashTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path folder;
  private EmbeddedPostgresConfig config;

  @BeforeEach
  void needAShell() {
    assumeFalse(Platform.isWindows());
    config = EmbeddedPostgresConfig.in(folder.resolve("home"));
  }

  @Test
  void theServerDiesWithAKilledJvmAndCommittedRowsAreThereAtTheNextStart() throws Exception {
    ServerJvm jvm = ServerJvm.launch(config);
    String url = jvm.awaitReady();
    long postgres = postmaster();
    try (Connection connection = connect(url)) {
      Sql.execute(connection, "create table note (text text)");
      Sql.execute(connection, "insert into note values ('committed')");
      Sql.execute(connection, "begin", "insert into note values ('in the air')");
      jvm.kill();
      Poll.until("PostgreSQL is gone", SOON, () -> ProcessHandle.of(postgres).isEmpty());
    }
    assertNotesAfterStart("committed");
  }

  @Test
  void aServerThatOutlivedItsJvmIsStoppedAndItsDataUsed() throws Exception {
    ServerJvm jvm = ServerJvm.launch(config);
    String url = jvm.awaitReady();
    long postgres = postmaster();
    try (Connection connection = connect(url)) {
      Sql.execute(connection, "create table note (text text)");
      Sql.execute(connection, "insert into note values ('committed')");
    }
    killGuards(jvm);
    jvm.kill();
    assertThat(ProcessHandle.of(postgres)).as("the server lives on").isPresent();

    assertNotesAfterStart("committed");
    assertThat(ProcessHandle.of(postgres)).isEmpty();
  }

  @Test
  void closingStopsAServerWhoseGuardWasKilled() throws Exception {
    EmbeddedPostgres server = EmbeddedPostgres.start(config.withoutDurability());
    long postgres = postmaster();
    ProcessHandle.of(postgres).flatMap(ProcessHandle::parent).orElseThrow().destroyForcibly();
    Poll.until("the guard is gone", SOON, () -> !server.isRunning());
    server.close();
    Poll.until("PostgreSQL is gone", SOON, () -> ProcessHandle.of(postgres).isEmpty());
  }

  @Test
  void aKilledServerRecoversAtTheNextStart() throws Exception {
    long postgres;
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      Sql.execute(server, "create table note (text text)");
      Sql.execute(server, "insert into note values ('committed')");
      postgres = postmaster();
      ProcessHandle.of(postgres).orElseThrow().destroyForcibly();
      Poll.until("the guard says so", SOON, () -> !server.isRunning());
    }
    assertNotesAfterStart("committed");
  }

  @Test
  void aFirstStartKilledHalfwayLeavesNothingThatLooksLikeData() throws Exception {
    ServerJvm jvm = ServerJvm.launch(config);
    Poll.until("initdb is at work", Duration.ofSeconds(30), () -> filesOfHalfMade() > 20);
    jvm.kill();
    assertThat(config.home().resolve("data")).doesNotExist();

    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(server, "select 1")).isEqualTo("1");
    }
    assertThat(halfMade()).isEmpty();
  }

  @Test
  void aForeignProcessWithTheNumberOfALeftoverIsNeitherStoppedNorInTheWay() throws Exception {
    EmbeddedPostgres.start(config.withoutDurability()).close();
    Path data = config.home().resolve("data");
    Process foreign = new ProcessBuilder("sleep", "100").start();
    try {
      Files.writeString(
          data.resolve("postmaster.pid"),
          "%d\n%s\n1700000000\n5432\n\n127.0.0.1\n  0  0\nready   \n"
              .formatted(foreign.pid(), data));
      try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
        assertThat(Sql.single(server, "select 1")).isEqualTo("1");
        assertThat(postmaster()).isNotEqualTo(foreign.pid());
      }
      assertThat(foreign.isAlive()).isTrue();
    } finally {
      foreign.destroyForcibly();
    }
  }

  private void assertNotesAfterStart(String expected) throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(server, "select string_agg(text, ',') from note")).isEqualTo(expected);
    }
  }

  private Connection connect(String url) throws Exception {
    String password = Files.readString(config.home().resolve("password"));
    return DriverManager.getConnection(url, EmbeddedPostgres.USER, password);
  }

  private long postmaster() throws IOException {
    return PostmasterPid.read(config.home().resolve("data")).orElseThrow().pid();
  }

  /** Kills the shell that waits for the server and the one that waits for the JVM. */
  private static void killGuards(ServerJvm jvm) throws Exception {
    List<ProcessHandle> shells =
        jvm.descendants().stream()
            .filter(
                process -> !process.info().command().orElse("ending postgres").endsWith("postgres"))
            .toList();
    assertThat(shells).hasSize(2);
    shells.forEach(ProcessHandle::destroyForcibly);
    Poll.until("no guard is left", SOON, () -> shells.stream().noneMatch(ProcessHandle::isAlive));
  }

  private List<Path> halfMade() throws IOException {
    if (!Files.isDirectory(config.home())) {
      return List.of();
    }
    try (DirectoryStream<Path> found = Files.newDirectoryStream(config.home(), "data.making-*")) {
      List<Path> folders = new ArrayList<>();
      found.forEach(folders::add);
      folders.removeIf(path -> !Files.isDirectory(path));
      return folders;
    }
  }

  private long filesOfHalfMade() throws IOException {
    List<Path> half = halfMade();
    String[] names = half.isEmpty() ? null : half.getFirst().toFile().list();
    return names == null ? 0 : names.length;
  }
}

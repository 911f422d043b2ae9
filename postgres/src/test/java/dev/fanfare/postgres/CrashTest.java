package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real JVMs are killed with SIGKILL, and the next start recovers. */
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
  void the_server_dies_with_a_killed_jvm_and_committed_rows_survive() throws Exception {
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
  void a_server_that_outlived_its_jvm_is_stopped_and_its_data_used() throws Exception {
    ServerJvm jvm = ServerJvm.launch(config);
    String url = jvm.awaitReady();
    long postgres = postmaster();
    try (Connection connection = connect(url)) {
      Sql.execute(connection, "create table note (text text)");
      Sql.execute(connection, "insert into note values ('committed')");
    }
    killGuards();
    jvm.kill();
    assertThat(ProcessHandle.of(postgres)).as("the server lives on").isPresent();

    assertNotesAfterStart("committed");
    assertThat(ProcessHandle.of(postgres)).isEmpty();
  }

  @Test
  void closing_stops_a_server_whose_guard_was_killed() throws Exception {
    EmbeddedPostgres server = EmbeddedPostgres.start(config.withoutDurability());
    long postgres = postmaster();
    ProcessHandle.of(postgres).flatMap(ProcessHandle::parent).orElseThrow().destroyForcibly();
    Poll.until("the guard is gone", SOON, () -> !server.isRunning());
    server.close();
    Poll.until("PostgreSQL is gone", SOON, () -> ProcessHandle.of(postgres).isEmpty());
  }

  @Test
  void a_killed_server_recovers_at_the_next_start() throws Exception {
    long postgres;
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      Sql.execute(server, "create table note (text text)");
      Sql.execute(server, "insert into note values ('committed')");
      postgres = postmaster();
      ProcessHandle.of(postgres).orElseThrow().destroyForcibly();
      Poll.until("the guard has exited", SOON, () -> !server.isRunning());
    }
    assertNotesAfterStart("committed");
  }

  @Test
  void a_first_start_killed_halfway_leaves_no_data_folder() throws Exception {
    ServerJvm jvm = ServerJvm.launch(config);
    Poll.until("initdb is at work", Duration.ofSeconds(30), () -> filesOfHalfMade() > 20);
    jvm.kill();
    assertThat(config.home().resolve("data")).doesNotExist();

    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(server, "select 1")).isEqualTo("1");
    }
    Poll.until("the half-made folder is gone", SOON, () -> halfMade().isEmpty());
  }

  @Test
  void a_foreign_process_with_the_pid_of_a_leftover_is_not_stopped_and_does_not_block()
      throws Exception {
    EmbeddedPostgres.start(config.withoutDurability()).close();
    Process foreign = new ProcessBuilder("sleep", "100").start();
    try {
      assertStartsDespiteLeftover(foreign.pid());
      assertThat(foreign.isAlive()).isTrue();
    } finally {
      foreign.destroyForcibly();
    }
  }

  @Test
  void a_thread_of_this_jvm_with_the_pid_of_a_leftover_does_not_block() throws Exception {
    assumeTrue(Platform.isLinux(), "only on Linux do threads share the id space of processes");
    EmbeddedPostgres.start(config.withoutDurability()).close();
    String[] threads = Path.of("/proc/self/task").toFile().list();
    String thread =
        Stream.of(threads)
            .filter(id -> Long.parseLong(id) != ProcessHandle.current().pid())
            .findFirst()
            .orElseThrow();
    assertStartsDespiteLeftover(Long.parseLong(thread));
  }

  /** A new process may get the id between our check and that of PostgreSQL. */
  @Test
  void postgres_is_told_to_ignore_a_dead_leftover_too() throws Exception {
    EmbeddedPostgres.start(config.withoutDurability()).close();
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    writeLeftover(dead.pid());
    Home home = Home.open(config.home());
    ServerStart start =
        new ServerStart(
            config,
            home,
            new Binaries(folder),
            new Identity(List.of(), null),
            new ServerLog(home.log()));
    assertThat(start.settleLeftover()).containsValue(Long.toString(dead.pid()));
  }

  private void assertStartsDespiteLeftover(long pid) throws Exception {
    writeLeftover(pid);
    try (EmbeddedPostgres server = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(server, "select 1")).isEqualTo("1");
      assertThat(postmaster()).isNotEqualTo(pid);
    }
  }

  private void writeLeftover(long pid) throws IOException {
    Path data = config.home().resolve("data");
    Files.writeString(
        data.resolve("postmaster.pid"),
        "%d\n%s\n1700000000\n5432\n\n127.0.0.1\n  0  0\nready   \n".formatted(pid, data));
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
    return PostmasterPid.read(config.home().resolve("data")).pid();
  }

  /**
   * Kills the shell that watches the JVM, then the one that waits for the server. In the opposite
   * order the first shell would still stop the server, because the JVM closes the pipe to a child
   * that ended.
   */
  private void killGuards() throws Exception {
    long postmaster = postmaster();
    ProcessHandle guard = ProcessHandle.of(postmaster).flatMap(ProcessHandle::parent).orElseThrow();
    List<ProcessHandle> watchers =
        guard.children().filter(child -> child.pid() != postmaster).toList();
    assertThat(watchers).hasSize(1);
    for (ProcessHandle shell : List.of(watchers.getFirst(), guard)) {
      shell.destroyForcibly();
      Poll.until("the guard is gone", SOON, () -> !shell.isAlive());
    }
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

package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EmbeddedPostgresTest {
  @TempDir Path folder;
  private EmbeddedPostgresConfig config;

  @BeforeEach
  void chooseAHomeWithSpaces() {
    config = EmbeddedPostgresConfig.in(folder.resolve("a home with 'spaces'"));
  }

  @Test
  void data_survives_a_restart() throws Exception {
    String password;
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      password = postgres.password();
      Sql.execute(postgres, "create table note (text text)", "insert into note values ('kept')");
    }
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(postgres, "select text from note")).isEqualTo("kept");
      assertThat(postgres.password()).isEqualTo(password);
      assertThat(config.home().resolve("postgres.log.1")).exists();
    }
  }

  @Test
  void a_path_that_postgres_cannot_use_is_refused_before_anything_is_created() {
    for (String name :
        List.of("a\"b", "a$(touch x)b", "a`b", "a\\b", "a\nb", "long/".repeat(200))) {
      Path home = folder.resolve(name);
      assertThatThrownBy(() -> EmbeddedPostgres.start(EmbeddedPostgresConfig.in(home)))
          .isInstanceOf(PostgresException.class)
          .hasMessageContaining("PostgreSQL cannot use the folder " + home);
    }
    assertThat(folder.toFile().list()).isEmpty();
  }

  @Test
  void a_long_home_with_letters_of_all_kinds_works() throws Exception {
    Path home =
        folder
            .resolve("é 😀 'x' ;&|<>*?~#%! " + "long ".repeat(30).strip())
            .resolve("y".repeat(100));
    config = EmbeddedPostgresConfig.in(home).withoutDurability();
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(postgres, "select 1")).isEqualTo("1");
    }
  }

  @Test
  void closing_ends_the_server_and_its_sessions_and_closing_twice_is_allowed() throws Exception {
    EmbeddedPostgres postgres = EmbeddedPostgres.start(config.withoutDurability());
    Connection open = Sql.connect(postgres);
    long pid = PostmasterPid.read(postgres.dataFolder()).pid();

    postgres.close();
    postgres.close();

    assertThat(postgres.isRunning()).isFalse();
    assertThat(ProcessHandle.of(pid)).isEmpty();
    assertThat(open.isValid(5)).isFalse();
    assertThat(postgres.dataFolder().resolve("postmaster.pid")).doesNotExist();
  }

  @Test
  void login_needs_the_password_and_works_only_from_this_machine() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config.withoutDurability())) {
      assertThatThrownBy(
              () -> DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), "guess"))
          .hasMessageContaining("password authentication failed");
      assertThat(Sql.single(postgres, "show listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(Sql.single(postgres, "show unix_socket_directories")).isEmpty();
      assertThat(
              Sql.single(
                  postgres, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"))
          .isEqualTo("scram-sha-256");
      assumeFalse(Platform.isWindows());
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(config.home().resolve("password"))))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void it_is_durable_unless_configured_otherwise() throws Exception {
    List<String> settings = List.of("fsync", "synchronous_commit", "full_page_writes");
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      for (String setting : settings) {
        assertThat(Sql.single(postgres, "show " + setting)).as(setting).isEqualTo("on");
      }
      assertThat(Sql.single(postgres, "show data_checksums")).isEqualTo("on");
      assertThat(Sql.single(postgres, "show jit")).isEqualTo("off");
    }
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config.withoutDurability())) {
      for (String setting : settings) {
        assertThat(Sql.single(postgres, "show " + setting)).as(setting).isEqualTo("off");
      }
    }
  }

  @Test
  void a_second_server_in_the_same_home_is_rejected_and_the_first_continues() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      assertThatThrownBy(() -> EmbeddedPostgres.start(config))
          .isInstanceOf(PostgresException.class)
          .hasMessageContaining("in use by this JVM");
      try (ServerJvm other = ServerJvm.launch(config)) {
        assertThat(other.awaitRefusal())
            .contains("in use by process " + ProcessHandle.current().pid())
            .contains("Only one JVM at a time");
      }
      assertThat(Sql.single(postgres, "select 1")).isEqualTo("1");
    }
  }

  @Test
  void data_of_another_major_version_is_rejected_with_instructions() throws Exception {
    EmbeddedPostgres.start(config.withoutDurability()).close();
    Path version = config.home().resolve("data").resolve("PG_VERSION");
    Files.writeString(version, "17\n");
    assertThatThrownBy(() -> EmbeddedPostgres.start(config))
        .isInstanceOf(PostgresException.class)
        .hasMessageContaining("belongs to PostgreSQL 17")
        .hasMessageContaining("pg_dump");

    Files.writeString(version, "18\n");
    EmbeddedPostgres.start(config).close();
  }

  @Test
  void a_folder_with_other_content_is_rejected() throws Exception {
    Files.createDirectories(config.home().resolve("data"));
    Files.writeString(config.home().resolve("password"), "secret");
    assertThatThrownBy(() -> EmbeddedPostgres.start(config))
        .isInstanceOf(PostgresException.class)
        .hasMessageContaining("is not a PostgreSQL data folder");
  }

  @Test
  void a_lost_password_file_is_reported() throws Exception {
    EmbeddedPostgres.start(config.withoutDurability()).close();
    Files.delete(config.home().resolve("password"));
    assertThatThrownBy(() -> EmbeddedPostgres.start(config))
        .isInstanceOf(PostgresException.class)
        .hasMessageContaining("is missing");
  }

  @Test
  void a_failed_start_shows_the_server_log_and_releases_the_home() throws Exception {
    EmbeddedPostgres.start(config.withoutDurability()).close();
    Path local = config.home().resolve("postgresql.local.conf");
    Files.writeString(local, "colour = 'blue'\n");
    assertThatThrownBy(() -> EmbeddedPostgres.start(config))
        .isInstanceOf(PostgresException.class)
        .hasMessageContaining("unrecognized configuration parameter \"colour\"");

    Files.writeString(local, "work_mem = '11MB'\n");
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      assertThat(Sql.single(postgres, "show work_mem")).isEqualTo("11MB");
    }
  }
}

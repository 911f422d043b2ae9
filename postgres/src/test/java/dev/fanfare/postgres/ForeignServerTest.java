package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server on our port may be a foreign one. */
@Timeout(120)
class ForeignServerTest {
  @TempDir Path folder;
  private EmbeddedPostgresConfig ours;
  private EmbeddedPostgresConfig foreign;

  @BeforeEach
  void makeTwoHomes() {
    ours = EmbeddedPostgresConfig.in(folder.resolve("ours")).withoutDurability();
    foreign = EmbeddedPostgresConfig.in(folder.resolve("foreign")).withoutDurability();
    EmbeddedPostgres.start(ours).close();
  }

  @Test
  void a_foreign_server_rejects_our_password_and_uses_other_data() throws Exception {
    try (EmbeddedPostgres other = EmbeddedPostgres.start(foreign)) {
      String ourPassword = Home.open(ours.home()).password();
      Login wrong = new Login(other.port(), EmbeddedPostgres.USER, ourPassword);
      assertThatThrownBy(() -> wrong.connect("postgres"))
          .hasMessageContaining("password authentication failed");

      Login right = new Login(other.port(), EmbeddedPostgres.USER, other.password());
      try (Connection connection = right.connect("postgres")) {
        assertThat(Login.worksOn(other.dataFolder(), connection)).isTrue();
        assertThat(Login.worksOn(ours.home().resolve("data"), connection)).isFalse();
      }
    }
  }

  @Test
  void our_start_fails_if_a_foreign_server_took_the_port_first() throws Exception {
    Home home = Home.open(ours.home());
    ServerStart start = starter();
    try (EmbeddedPostgres other = EmbeddedPostgres.start(foreign)) {
      Login taken = new Login(other.port(), EmbeddedPostgres.USER, home.password());
      assertThat(start.tryPort(taken, Map.of())).isNull();
      assertThat(start.output().tail()).contains(ServerStart.PORT_TAKEN);
      assertThat(Sql.single(other, "select 1")).isEqualTo("1");
    }
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      Login taken = new Login(socket.getLocalPort(), EmbeddedPostgres.USER, home.password());
      assertThat(start.tryPort(taken, Map.of())).isNull();
    }
  }

  @Test
  void a_server_on_other_data_is_not_our_leftover() throws Exception {
    try (EmbeddedPostgres other = EmbeddedPostgres.start(foreign)) {
      Path data = ours.home().resolve("data");
      Files.copy(other.dataFolder().resolve("postmaster.pid"), data.resolve("postmaster.pid"));
      Leftover leftover = Leftover.of(Home.open(ours.home()));
      assertThat(leftover.isOurs()).isFalse();
      assertThat(leftover.isForeign()).isTrue();
      try (EmbeddedPostgres server = EmbeddedPostgres.start(ours)) {
        assertThat(Sql.single(server, "select 1")).isEqualTo("1");
      }
      assertThat(Sql.single(other, "select 1")).isEqualTo("1");
    }
  }

  /** Telling PostgreSQL to ignore a process must never let it open data that is in use. */
  @Test
  void postgres_keeps_a_second_server_off_its_data_even_if_we_call_the_first_one_foreign()
      throws Exception {
    try (EmbeddedPostgres server = EmbeddedPostgres.start(ours)) {
      long pid = PostmasterPid.read(server.dataFolder()).pid();
      assertThat(Leftover.of(Home.open(ours.home())).isOurs()).isTrue();
      Login second = new Login(ServerStart.freePort(), EmbeddedPostgres.USER, server.password());
      Map<String, String> wrong = Map.of("PG_GRANDPARENT_PID", Long.toString(pid));
      assertThat(starter().tryPort(second, wrong)).isNull();
      assertThat(new ServerLog(ours.home().resolve("postgres.log")).tail())
          .contains("still in use");
      assertThat(Sql.single(server, "select 1")).isEqualTo("1");
    }
  }

  private ServerStart starter() throws Exception {
    Home home = Home.open(ours.home());
    Identity identity = Identity.find(true);
    Binaries binaries = Programs.unpack(ours, home, identity).binaries();
    return new ServerStart(ours, home, binaries, identity, new ServerLog(home.log()));
  }
}

package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_DIRECT_URL;
import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.PgBouncer;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two servers work behind a PgBouncer in transaction mode that has fewer connections of PostgreSQL
 * than they have of PgBouncer.
 */
@Timeout(180)
class PoolingTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int CLIENTS = 8;

  private static final Task<Integer, Integer> DOUBLE =
      Task.define("double", Integer.class, Integer.class).handler((payload, run) -> 2 * payload);

  @TempDir private Path folder;
  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create();
  }

  @AfterEach
  void drop() {
    database.close();
  }

  private PgBouncer bouncer(int size) throws IOException {
    return PgBouncer.start(database, "pool_mode = transaction", "default_pool_size = " + size);
  }

  private DatabaseUrl url(String jdbcUrl) {
    return new DatabaseUrl(jdbcUrl, database.user(), database.password());
  }

  private Server server(PgBouncer bouncer, boolean isDirect) {
    ServerConfig config =
        ServerConfig.defaults()
            .with(PORT, 0)
            .with(HOME, folder)
            .with(ENCRYPTION_KEY, new SecretKeySpec(new byte[32], "AES"))
            .with(DATABASE_URL, url(bouncer.jdbcUrl()));
    return Server.start(
        isDirect ? config.with(DATABASE_DIRECT_URL, url(database.jdbcUrl())) : config);
  }

  private static Fanfare client(Server server) {
    return Fanfare.builder()
        .url(server.url().toString())
        .secretKey(server.developmentKey())
        .build();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void what_one_server_accepts_a_worker_of_another_executes(boolean isDirect) throws Exception {
    try (PgBouncer bouncer = bouncer(4);
        Server here = server(bouncer, isDirect);
        Server there = server(bouncer, isDirect);
        Worker _ = Worker.builder(client(there)).task(DOUBLE).start()) {
      Fanfare fanfare = client(here);
      List<CompletableFuture<BatchHandle>> calls = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        calls.add(
            CompletableFuture.supplyAsync(
                () -> fanfare.batchTrigger(DOUBLE, IntStream.range(0, 1_000).boxed().toList())));
      }
      for (CompletableFuture<BatchHandle> call : calls) {
        assertThat(fanfare.batches().await(call.join().id(), BOUND).status())
            .isEqualTo(BatchStatus.COMPLETED);
      }
      RunHandle run = fanfare.trigger(DOUBLE, 21); // its worker has been waiting
      assertThat(fanfare.runs().await(run.id(), BOUND).status()).isEqualTo(RunStatus.COMPLETED);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void lists_and_reads_see_what_was_stored(int size) throws Exception {
    try (PgBouncer bouncer = bouncer(size);
        Server server = server(bouncer, false)) {
      Fanfare fanfare = client(server);
      RunHandle run = fanfare.trigger(DOUBLE, 21);
      assertThat(fanfare.runs().retrieve(run.id()).status()).isEqualTo(RunStatus.QUEUED);
      fanfare.runs().cancel(run.id());
      assertThat(fanfare.runs().retrieve(run.id()).status()).isEqualTo(RunStatus.CANCELED);
    }
  }
}

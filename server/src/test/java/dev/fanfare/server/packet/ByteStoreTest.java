package dev.fanfare.server.packet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.Concurrently;
import dev.fanfare.server.Engine;
import dev.fanfare.server.packet.ByteStore.StoredBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both kinds of stores, without their HTTP edge. */
class ByteStoreTest {
  @AutoClose static final Engine engine = Engine.start();

  @TempDir Path folder;

  private ByteStore store(String kind) throws IOException {
    return kind.equals("disk")
        ? new PacketFolder(folder, Instant.now())
        : new PacketBytesStore(engine.database);
  }

  private static String content(StoredBytes stored) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    stored.content().accept(out);
    return out.toString(UTF_8);
  }

  private static String read(ByteStore store, int environmentId, String path) {
    StoredBytes stored = store.read(environmentId, path);
    return stored == null ? null : stored.contentType() + " " + content(stored);
  }

  @ParameterizedTest
  @ValueSource(strings = {"database", "disk"})
  void environments_do_not_share_paths_and_a_deleted_path_is_gone(String kind) throws IOException {
    ByteStore store = store(kind);
    int one = engine.tenant().id();
    int two = engine.tenant().id();
    store.store(one, "a", "x/1", "one".getBytes(UTF_8));
    store.store(two, "a", "x/2", "two".getBytes(UTF_8));
    assertThat(read(store, one, "a")).isEqualTo("x/1 one");
    assertThat(read(store, two, "a")).isEqualTo("x/2 two");
    engine.database.transaction(
        one,
        tx -> {
          store.delete(tx, List.of("a", "b"));
          return null;
        });
    assertThat(read(store, one, "a")).isNull();
    assertThat(read(store, two, "a")).isEqualTo("x/2 two");
  }

  @ParameterizedTest
  @ValueSource(strings = {"database", "disk"})
  void of_concurrent_uploads_one_wins_completely(String kind) throws Exception {
    ByteStore store = store(kind);
    int tenant = engine.tenant().id();
    Concurrently.call(
        8,
        i -> {
          store.store(tenant, "a", "x/" + i, ("" + i).repeat(100_000).getBytes(UTF_8));
          return i;
        });
    String read = read(store, tenant, "a");
    String winner = read.substring(2, 3);
    assertThat(read).isEqualTo("x/" + winner + " " + winner.repeat(100_000));
  }

  @Test
  void a_reader_of_a_replaced_file_gets_the_old_content_to_its_end() throws IOException {
    ByteStore store = store("disk");
    store.store(1, "a", "x/1", "1".repeat(3_000_000).getBytes(UTF_8));
    StoredBytes stored = Objects.requireNonNull(store.read(1, "a"));
    store.store(1, "a", "x/2", "2".getBytes(UTF_8));
    assertThat(content(stored)).isEqualTo("1".repeat(3_000_000));
  }

  @Test
  void a_reader_of_a_replaced_row_fails_instead_of_getting_mixed_content() throws IOException {
    ByteStore store = store("database");
    int tenant = engine.tenant().id();
    store.store(tenant, "a", "x/1", "1".repeat(3_000_000).getBytes(UTF_8));
    StoredBytes stored = Objects.requireNonNull(store.read(tenant, "a"));
    store.store(tenant, "a", "x/1", "2".repeat(3_000_000).getBytes(UTF_8));
    assertThatThrownBy(() -> stored.content().accept(OutputStream.nullOutputStream()))
        .hasMessage("A packet was replaced while it was read");
  }

  @Test
  void file_names_never_contain_client_input() throws IOException {
    ByteStore store = store("disk");
    for (String path : List.of("../../out", "/etc/x", "a\0b", "a\\b", "é", "n".repeat(5_000))) {
      store.store(1, path, "x/y", path.getBytes(UTF_8));
      assertThat(read(store, 1, path)).isEqualTo("x/y " + path);
    }
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile).map(f -> folder.relativize(f).toString()))
          .hasSize(6)
          .allMatch(name -> name.matches("1/[0-9a-f]{2}/[0-9a-f]{64}"));
    }
    try (Stream<Path> siblings = Files.list(folder)) {
      assertThat(siblings.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("1", "drafts");
    }
  }

  @Test
  void drafts_left_by_a_crash_are_deleted_a_day_later() throws IOException {
    store("disk");
    Path draft = Files.createFile(folder.resolve("drafts").resolve("packet1"));
    Path fresh = Files.createFile(folder.resolve("drafts").resolve("packet2"));
    Files.setLastModifiedTime(
        draft, FileTime.from(Instant.now().minus(Duration.ofDays(1).plusMinutes(1))));
    store("disk");
    assertThat(draft).doesNotExist();
    assertThat(fresh).exists();
  }
}

package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PACKET_FOLDER;
import static dev.fanfare.server.config.ServerSettings.PACKET_STORE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.Administration;
import dev.fanfare.server.Server;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.PacketStoreKind;
import dev.fanfare.server.config.ServerConfig;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The packet contract with packets in a folder. */
class PacketsOnDiskTest extends PacketContract {
  @Override
  ServerConfig configure(ServerConfig settings) {
    return settings.with(PACKET_STORE, PacketStoreKind.DISK);
  }

  private Path folder() {
    return server.config.get(HOME).resolve("packets");
  }

  @Test
  void packets_are_files_of_the_folder_and_their_bytes_are_not_in_the_database() throws Exception {
    upload(unique(), "text/plain", "on the disk");
    try (Stream<Path> files = Files.walk(folder())) {
      assertThat(files.filter(Files::isRegularFile)).isNotEmpty();
    }
    try (Connection connection = server.database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select count(*) from fanfare.packet_bytes")) {
      rows.next();
      assertThat(rows.getInt(1)).isZero();
    }
  }

  @Test
  void an_unwritable_folder_is_a_500_and_nothing_is_stored() throws IOException {
    String key;
    try (Administration administration = Administration.open(server.config)) {
      key = administration.createKey("staging").key().text();
    }
    String url =
        server
            .send("PUT", "/api/v2/packets/a", HttpRequest.BodyPublishers.noBody(), key)
            .json()
            .get("presignedUrl")
            .asString();
    // Put a file in place of the environment's folder.
    Path inTheWay = folder().resolve(url.replaceAll(".*/packets/(\\d+)/.*", "$1"));
    Files.createFile(inTheWay);
    assertRefused(at("PUT", url, "1"), 500, "Something went wrong");
    Files.delete(inTheWay);
    assertThat(at("PUT", url, "1").status()).isEqualTo(200);
  }

  @Test
  void without_a_usable_folder_the_start_fails() throws IOException {
    Path file = Files.createTempFile(server.config.get(HOME), "no", "folder");
    assertThatThrownBy(() -> Server.start(server.config.with(PACKET_FOLDER, file)))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("The folder of packets");
  }
}

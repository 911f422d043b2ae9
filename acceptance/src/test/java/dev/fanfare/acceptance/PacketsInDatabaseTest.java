package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PUBLIC_URL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.Server;
import dev.fanfare.server.config.ServerConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** The packet contract with packets in the database, the default. */
class PacketsInDatabaseTest extends PacketContract {
  @Override
  ServerConfig configure(ServerConfig settings) {
    return settings;
  }

  @Test
  void nothing_of_a_packet_is_on_the_disk() {
    upload(unique(), "text/plain", "in the database");
    assertThat(Files.exists(server.config.get(HOME).resolve("packets"))).isFalse();
  }

  @Test
  void urls_begin_with_the_public_url_if_it_is_set() throws Exception {
    URI publicUrl = URI.create("https://tasks.example/base/");
    try (Server other = Server.start(server.config.with(PUBLIC_URL, publicUrl))) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(other.url() + "/api/v1/packets/a"))
              .header("Authorization", "Bearer " + server.key)
              .build();
      assertThat(
              HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body())
          .startsWith("{\"presignedUrl\":\"https://tasks.example/base/packets/1/a?expires=");
    }
  }
}

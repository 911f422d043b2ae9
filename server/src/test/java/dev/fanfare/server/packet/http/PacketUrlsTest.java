package dev.fanfare.server.packet.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.http.HttpError;
import dev.fanfare.testkit.SettableClock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PacketUrlsTest {
  private static final byte[] KEY = new byte[32];
  private static final Duration LIFE = Duration.ofMinutes(15);

  private final SettableClock clock = new SettableClock();
  private final PacketUrls urls = new PacketUrls(KEY, LIFE, null, clock);

  private static void check(PacketUrls urls, String method, String url) {
    Map<String, String> query =
        Arrays.stream(url.substring(url.indexOf('?') + 1).split("&"))
            .collect(Collectors.toMap(p -> p.split("=", 2)[0], p -> p.split("=", 2)[1]));
    urls.check(method, "7", "a b/c", query.get("expires"), query.get("signature"));
  }

  private String url(String method) {
    return urls.url("http://host", method, 7, "a b/c");
  }

  @Test
  void a_url_names_environment_and_path_and_is_valid_for_one_method() {
    String url = url("PUT");
    assertThat(url).startsWith("http://host/packets/7/a%20b/c?expires=");
    assertThatCode(() -> check(urls, "PUT", url)).doesNotThrowAnyException();
    assertThatThrownBy(() -> check(urls, "GET", url))
        .isInstanceOf(HttpError.class)
        .hasMessage("The signature of the URL is not valid");
  }

  @Test
  void a_url_is_valid_until_it_expires() {
    String url = url("GET");
    clock.advance(LIFE.minusSeconds(1));
    assertThatCode(() -> check(urls, "GET", url)).doesNotThrowAnyException();
    clock.advance(Duration.ofSeconds(1));
    assertThatThrownBy(() -> check(urls, "GET", url))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(403))
        .hasMessage("The URL has expired");
  }

  @Test
  void servers_accept_each_others_urls_only_if_they_share_the_encryption_key() {
    String url = url("GET");
    assertThatCode(() -> check(new PacketUrls(KEY.clone(), LIFE, null, clock), "GET", url))
        .doesNotThrowAnyException();
    byte[] other = KEY.clone();
    other[31] = 1;
    assertThatThrownBy(() -> check(new PacketUrls(other, LIFE, null, clock), "GET", url))
        .hasMessage("The signature of the URL is not valid");
  }
}

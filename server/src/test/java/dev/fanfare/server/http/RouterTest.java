package dev.fanfare.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouterTest {
  private final Router router =
      new Router(
          List.of(
              new Route(
                  "POST", "/api/v1/tasks/batch", Access.open(), x -> Response.json(200, "all")),
              new Route(
                  "POST",
                  "/api/v1/tasks/{task}/batch",
                  Access.open(),
                  x -> Response.json(200, "one")),
              new Route(
                  "PUT", "/files/{folder}/{path*}", Access.open(), x -> Response.json(200, "f")),
              new Route("GET", "/api/v3/runs/{run}", Access.open(), x -> Response.json(200, "run")),
              new Route(
                  "DELETE", "/api/v3/runs/{run}", Access.open(), x -> Response.json(200, "gone"))));

  @ParameterizedTest
  @CsvSource({
    "/api/v1/tasks/send/batch, send",
    "/api/v1/tasks/a%2Fb/batch, a/b",
    "/api/v1/tasks/a+b/batch, a+b",
    "/api/v1/tasks/a%2Bb/batch, a+b",
    "/api/v1/tasks/a%20b/batch, a b",
    "/api/v1/tasks/a%252Fb/batch, a%2Fb",
    "/api/v1/tasks/%D0%BA%D0%BB%D1%8E%D1%87/batch, ключ",
    "/api/v1/tasks/batch/batch, batch"
  })
  void a_named_segment_is_decoded_once_and_a_slash_in_it_stays_inside(String path, String task) {
    Router.Match match = router.find("POST", path);
    assertThat(match.route().path()).isEqualTo("/api/v1/tasks/{task}/batch");
    assertThat(match.path()).containsEntry("task", task).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "/files/x/a, a",
    "/files/x/a/b, a/b",
    "/files/x/a%2Fb/c, a/b/c",
    "/files/x/a%252Fb, a%2Fb",
    "/files/x/a+b, a+b",
    "/files/x/, ''",
    "/files/x/a//b/, a//b/",
    "/files/x/..%2F.., ../.."
  })
  void a_last_name_with_a_star_takes_the_rest_decoded_once(String path, String rest) {
    assertThat(router.find("PUT", path).path()).containsEntry("path", rest).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/files/x", "/files//a", "/files/x/%zz"})
  void the_rest_begins_behind_a_slash_and_can_be_decoded(String path) {
    assertThatThrownBy(() -> router.find("PUT", path))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(404));
  }

  @Test
  void a_path_without_names_is_itself() {
    assertThat(router.find("POST", "/api/v1/tasks/batch").route().path())
        .isEqualTo("/api/v1/tasks/batch");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "",
        "/api/v1/tasks",
        "/api/v1/tasks/send/batch/",
        "/api/v1/tasks//batch",
        "/api/v1/tasks/a%2/batch",
        "/api/v1/tasks/a%zz/batch",
        "/api/v1/tasks/a/b/batch",
        "/API/v1/tasks/batch",
        "/api/v3/runs/"
      })
  void no_route_is_404(String path) {
    assertThatThrownBy(() -> router.find("POST", path))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(404));
  }

  @Test
  void another_method_is_405_with_those_that_there_are() {
    assertThatThrownBy(() -> router.find("POST", "/api/v3/runs/run_1"))
        .isInstanceOfSatisfying(
            HttpError.class,
            e -> {
              assertThat(e.response().status()).isEqualTo(405);
              assertThat(e.response().headers()).containsEntry("Allow", "DELETE, GET");
            });
  }
}

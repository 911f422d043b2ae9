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
  void a_path_parameter_is_decoded_once_and_may_contain_an_encoded_slash(String path, String task) {
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
  void a_trailing_wildcard_matches_the_rest_of_the_path_decoded_once(String path, String rest) {
    assertThat(router.find("PUT", path).path()).containsEntry("path", rest).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/files/x", "/files//a", "/files/x/%zz"})
  void a_wildcard_path_with_a_missing_part_or_invalid_encoding_is_404(String path) {
    assertThatThrownBy(() -> router.find("PUT", path))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(404));
  }

  @Test
  void a_route_without_parameters_matches_its_literal_path() {
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
  void an_unknown_path_is_404(String path) {
    assertThatThrownBy(() -> router.find("POST", path))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(404));
  }

  @Test
  void an_unsupported_method_is_405_and_lists_the_allowed_methods() {
    assertThatThrownBy(() -> router.find("POST", "/api/v3/runs/run_1"))
        .isInstanceOfSatisfying(
            HttpError.class,
            e -> {
              assertThat(e.response().status()).isEqualTo(405);
              assertThat(e.response().headers()).containsEntry("Allow", "DELETE, GET, HEAD");
            });
  }
}

package dev.fanfare.server.access.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.http.HttpError;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScopesTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        // scope, action, type, id, allowed
        "read:runs, read, runs, -, true",
        "read:runs, read, runs, run_1, true",
        "read:runs, write, runs, run_1, false",
        "read:runs, read, batch, batch_1, false",
        "read:runs:run_1, read, runs, run_1, true",
        "read:runs:run_1, read, runs, run_2, false",
        "read:runs:run_1, read, runs, -, false",
        "read:tags:a:b, read, tags, a:b, true",
        "read:tags:a:b, read, tags, a, false",
        "read:all, read, batch, batch_1, true",
        "*:runs, write, runs, run_1, true",
        "*:all, write, batch, -, true",
        "admin, write, runs, run_1, true",
        "read, read, runs, run_1, false",
        "'', read, runs, run_1, false",
        "':', read, runs, run_1, false",
        "read:, read, runs, run_1, false",
        "read:runs:, read, runs, -, false",
        "READ:runs, read, runs, run_1, false",
        "readx:runs, read, runs, run_1, false",
        "admin:runs, read, runs, run_1, false",
      })
  void a_scope_allows_what_it_names(
      String scope, String action, String type, String id, boolean allowed) {
    Scopes.Resource resource = id == null ? Scopes.all(type) : Scopes.one(type, id);
    assertThat(new Scopes(List.of(scope)).allow(action, resource)).isEqualTo(allowed);
  }

  @Test
  void one_matching_scope_is_enough_and_without_scopes_nothing_is_allowed() {
    Scopes.Resource run = Scopes.one("runs", "run_1");
    assertThat(new Scopes(List.of("read:batch", "read:runs:run_1")).allow("read", run)).isTrue();
    assertThat(new Scopes(List.of()).allow("read", run)).isFalse();
  }

  @Test
  void a_token_needs_a_scope_for_one_of_the_resources_and_a_secret_key_needs_none() {
    Environment dev = new Environment(1, "env_1", "dev");
    Scopes.Resource run = Scopes.one("runs", "run_1");
    Scopes.Resource tag = Scopes.one("tags", "t");
    Caller.withKey(dev, "tr_dev_1").requireAny("read", run);
    caller(dev, "read:tags:t").requireAny("read", run, tag);
    assertThatThrownBy(() -> caller(dev, "read:tags:u").requireAny("read", run, tag))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(403));
  }

  @Test
  void every_required_resource_needs_a_scope() {
    Environment dev = new Environment(1, "env_1", "dev");
    List<String> both = List.of("a", "b");
    caller(dev, "trigger:tasks:b", "trigger:tasks:a").requireEach("trigger", "tasks", both);
    caller(dev, "trigger:tasks").requireEach("trigger", "tasks", both);
    assertThatThrownBy(() -> caller(dev, "trigger:tasks:a").requireEach("trigger", "tasks", both))
        .isInstanceOf(HttpError.class);
  }

  private static Caller caller(Environment environment, String... scopes) {
    return Caller.withToken(
        environment,
        "tr_dev_1",
        new PublicToken(new Scopes(List.of(scopes)), "hash", Instant.EPOCH, false));
  }
}

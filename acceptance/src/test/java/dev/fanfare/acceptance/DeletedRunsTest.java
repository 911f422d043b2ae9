package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;
import static dev.fanfare.server.config.ServerSettings.RETENTION;

import dev.fanfare.server.Administration;
import dev.fanfare.server.config.Retention;
import java.time.Duration;

/**
 * Requests that name runs and batches that were deleted, because their environment has a shorter
 * retention than others, get the same responses as if these had been dropped.
 */
class DeletedRunsTest extends DroppedRunsTest {
  @Override
  TestServer start() {
    TestServer server =
        TestServer.start(config ->
            config.with(PARTITION_SPAN, Duration.ofSeconds(1)).with(RETENTION, Retention.FOREVER));
    try (Administration administration = Administration.open(server.config)) {
      administration.setRetention("dev", new Retention(Duration.ofSeconds(1)));
    }
    return server;
  }
}

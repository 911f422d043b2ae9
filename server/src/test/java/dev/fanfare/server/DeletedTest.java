package dev.fanfare.server;

import dev.fanfare.server.config.Retention;
import org.junit.jupiter.api.BeforeEach;

/**
 * What refers to a run or batch that was deleted, because its environment has a shorter retention
 * than others, is as if it had been dropped.
 */
class DeletedTest extends DroppedTest {
  @Override
  Retention retention() {
    return Retention.FOREVER;
  }

  @BeforeEach
  void keepForAShortTime() {
    engine.tenant(); // whose runs stay
    tenant.keepFor("1m");
  }
}

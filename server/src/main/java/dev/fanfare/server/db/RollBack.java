package dev.fanfare.server.db;

import dev.fanfare.server.result.Refusal;

/** Rolls a transaction back for a refusal. */
final class RollBack extends RuntimeException {
  private final transient Refusal refusal;

  RollBack(Refusal refusal) {
    super(null, null, false, false);
    this.refusal = refusal;
  }

  Refusal refusal() {
    return refusal;
  }
}

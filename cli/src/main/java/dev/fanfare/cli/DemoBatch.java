package dev.fanfare.cli;

import dev.fanfare.cli.DemoMix.Item;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.Server;
import java.util.List;
import java.util.Map;

/** Stands in until the SDK is merged: a batch whose runs are all COMPLETED at once. */
final class DemoBatch implements AutoCloseable {
  private final List<Item> items;

  private DemoBatch(List<Item> items) {
    this.items = items;
  }

  /** Triggers the items in one request, as an application would. */
  static DemoBatch trigger(Server server, List<Item> items) {
    return new DemoBatch(items);
  }

  String id() {
    return "batch_0";
  }

  /** One id an item, in their order. */
  List<String> runs() {
    return items.stream().map(item -> "run_0").toList();
  }

  /** How many runs are in which state now. */
  Tally tally() {
    return new Tally(Map.of(RunStatus.COMPLETED, items.size()));
  }

  /** Runs that are not COMPLETED now, each with its task and state. */
  List<String> notCompleted() {
    return List.of();
  }

  @Override
  public void close() {}
}

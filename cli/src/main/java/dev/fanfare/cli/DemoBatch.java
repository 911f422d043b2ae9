package dev.fanfare.cli;

import dev.fanfare.cli.DemoMix.Item;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.BatchItem;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunFilter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The batch of the demo, accessed through the client like in any application. */
final class DemoBatch {
  private static final RunStatus[] UNFINISHED = statuses(status -> !status.isFinal());
  private static final RunStatus[] FAILED =
      statuses(status -> status.isFinal() && status != RunStatus.COMPLETED);

  private final Fanfare fanfare;
  private final BatchHandle handle;

  private DemoBatch(Fanfare fanfare, BatchHandle handle) {
    this.fanfare = fanfare;
    this.handle = handle;
  }

  /** Triggers the items in one request. */
  static DemoBatch trigger(Fanfare fanfare, List<Item> items) {
    List<BatchItem> batch =
        items.stream().map(item -> BatchItem.of(item.task(), item.payload())).toList();
    return new DemoBatch(fanfare, fanfare.batchTrigger(batch));
  }

  String id() {
    return handle.id();
  }

  /** The run ids, one per item, in item order. */
  List<String> runs() {
    return handle.runIds();
  }

  /** The current number of runs in each state. */
  Tally tally() {
    Map<RunStatus, Integer> counts = new EnumMap<>(RunStatus.class);
    List<Run> others = others();
    others.forEach(run -> counts.merge(run.status(), 1, Integer::sum));
    counts.merge(RunStatus.COMPLETED, runs().size() - others.size(), Integer::sum);
    return new Tally(counts);
  }

  /** The runs that are not COMPLETED now, each with its task and state. */
  List<String> notCompleted() {
    return others().stream()
        .sorted(Comparator.comparing(Run::id))
        .map(run -> run.id() + "  " + run.taskId() + "  " + run.status())
        .toList();
  }

  /**
   * Fetches every run that is not completed; reading the completed ones, usually the most, would be
   * wasteful. It fetches the unfinished runs first, so a run that fails between the two requests
   * appears in both, is counted once, and is never missed.
   */
  private List<Run> others() {
    Map<String, Run> others = new LinkedHashMap<>();
    for (RunStatus[] statuses : List.of(UNFINISHED, FAILED)) {
      try (Stream<Run> runs =
          fanfare.runs().list(RunFilter.all().batch(handle.id()).status(statuses))) {
        // A run may complete between being found and being read.
        runs.filter(run -> run.status() != RunStatus.COMPLETED)
            .forEach(run -> others.put(run.id(), run));
      }
    }
    return List.copyOf(others.values());
  }

  private static RunStatus[] statuses(Predicate<RunStatus> wanted) {
    return Arrays.stream(RunStatus.values()).filter(wanted).toArray(RunStatus[]::new);
  }
}

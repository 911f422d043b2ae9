package dev.fanfare.server.queue;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Entries as parallel arrays, which one statement can insert. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EntryColumns(
    UUID[] runIds,
    int[] laneIds,
    long[] ranks,
    int[] fences,
    int[] attempts,
    int[] losses,
    @Nullable String[] firstStartedAts) {

  static EntryColumns of(List<Entry> entries) {
    return new EntryColumns(
        entries.stream().map(Entry::runId).toArray(UUID[]::new),
        entries.stream().mapToInt(Entry::laneId).toArray(),
        entries.stream().mapToLong(Entry::rank).toArray(),
        entries.stream().mapToInt(Entry::fence).toArray(),
        entries.stream().mapToInt(Entry::attempt).toArray(),
        entries.stream().mapToInt(Entry::losses).toArray(),
        entries.stream().map(e -> text(e.firstStartedAt())).toArray(String[]::new));
  }

  private static @Nullable String text(@Nullable Instant instant) {
    return instant == null ? null : instant.toString();
  }
}

package dev.fanfare.server.batch;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.RunStore;
import dev.fanfare.server.trigger.PlacedRun;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code batch_parts}: items of streamed batches that are stored in the columns of the runs
 * that they will be. Sealing makes them runs inside the database ({@link PartRunStore}), so that
 * they are read and written once only by the server.
 */
final class PartStore {
  /** A part of fewer items is stored as one part for each item, in one statement for all. */
  private static final int PART_MIN = 100;

  /**
   * Whether everything about a run is known before its batch is sealed: it has no key, is not
   * delayed, keeps no packet, and its rank and time to live are those of the others.
   */
  static boolean isPlain(PlacedRun placed) {
    NewRun run = placed.run();
    return run.failure() == null
        && run.key() == null
        && run.debounce() == null
        && run.delayUntil() == null
        && run.ttl() == null
        && run.priorityMillis() == 0
        && !PacketPath.MEDIA_TYPE.equals(run.payloadType());
  }

  /**
   * Inserts plain items that follow each other.
   *
   * @param firstIndex the index of the first one
   */
  void insert(Tx tx, UUID batchId, int firstIndex, List<PlacedRun> runs) {
    int from = 0;
    int shortFrom = 0;
    for (int i = 1; i <= runs.size(); i++) {
      if (i == runs.size() || runs.get(i).laneId() != runs.get(from).laneId()) {
        if (i - from >= PART_MIN) {
          insertOneByOne(tx, batchId, firstIndex + shortFrom, runs.subList(shortFrom, from));
          insertPart(tx, batchId, firstIndex + from, runs.subList(from, i));
          shortFrom = i;
        }
        from = i;
      }
    }
    insertOneByOne(tx, batchId, firstIndex + shortFrom, runs.subList(shortFrom, runs.size()));
  }

  private static void insertPart(Tx tx, UUID batchId, int firstIndex, List<PlacedRun> part) {
    List<NewRun> runs = part.stream().map(PlacedRun::run).toList();
    tx.sql(
            """
            insert into batch_parts
                   (environment_id, batch_id, first_index, n, lane_id, bytes, payloads,
                    payload_types, tags, metadata, options, max_attempts, max_durations_ms,
                    test_flags)
            values (:environment, :batch_id, :first_index, :n, :lane_id, :bytes, :payloads::text[],
                    :payload_types::text[], :tags::text[], :metadata::text[], :options::text[],
                    :max_attempts::int[], :max_durations_ms::int8[], :test_flags::bool[])
            """)
        .bind("batch_id", batchId)
        .bind("first_index", firstIndex)
        .bind("n", part.size())
        .bind("lane_id", part.getFirst().laneId())
        .bind("bytes", runs.stream().mapToLong(PartStore::chars).sum())
        // As many as there are items, also if none has a payload: they make the rows.
        .bind("payloads", runs.stream().map(NewRun::payload).toArray(String[]::new))
        .bind("payload_types", textsOrNull(runs, NewRun::payloadType))
        .bind("tags", textsOrNull(runs, run -> RunStore.arrayLiteral(run.tags())))
        .bind("metadata", textsOrNull(runs, NewRun::metadata))
        .bind("options", textsOrNull(runs, NewRun::options))
        .bind("max_attempts", arrayOrNull(runs, NewRun::maxAttempts, Integer[]::new))
        .bind("max_durations_ms", arrayOrNull(runs, PartStore::maxDurationMillis, Long[]::new))
        .bind("test_flags", arrayOrNull(runs, run -> run.test() ? true : null, Boolean[]::new))
        .update();
  }

  private static void insertOneByOne(Tx tx, UUID batchId, int firstIndex, List<PlacedRun> placed) {
    if (placed.isEmpty()) {
      return;
    }
    List<NewRun> runs = placed.stream().map(PlacedRun::run).toList();
    tx.sql(
            """
            insert into batch_parts
                   (environment_id, batch_id, first_index, n, lane_id, bytes, payloads,
                    payload_types, tags, metadata, options, max_attempts, max_durations_ms,
                    test_flags)
            select :environment, :batch_id, :first_index::int + i.n - 1, 1, i.lane_id, i.bytes,
                   array[i.payload],
                   case when i.payload_type is not null then array[i.payload_type] end,
                   case when i.tags is not null then array[i.tags] end,
                   case when i.metadata is not null then array[i.metadata] end,
                   case when i.options is not null then array[i.options] end,
                   case when i.max_attempts is not null then array[i.max_attempts] end,
                   case when i.max_duration_ms is not null then array[i.max_duration_ms] end,
                   case when i.is_test then array[true] end
              from unnest(:lane_ids::int8[], :bytes::int8[], :payloads::text[],
                          :payload_types::text[], :tags::text[], :metadata::text[],
                          :options::text[], :max_attempts::int[], :max_durations_ms::int8[],
                          :test_flags::bool[])
                   with ordinality
                   as i (lane_id, bytes, payload, payload_type, tags, metadata, options,
                         max_attempts, max_duration_ms, is_test, n)
            """)
        .bind("batch_id", batchId)
        .bind("first_index", firstIndex)
        .longs("lane_ids", placed, PlacedRun::laneId)
        .longs("bytes", runs, PartStore::chars)
        .texts("payloads", runs, NewRun::payload)
        .texts("payload_types", runs, NewRun::payloadType)
        .texts("tags", runs, run -> RunStore.arrayLiteral(run.tags()))
        .texts("metadata", runs, NewRun::metadata)
        .texts("options", runs, NewRun::options)
        .intsOrNull("max_attempts", runs, NewRun::maxAttempts)
        .longsOrNull("max_durations_ms", runs, PartStore::maxDurationMillis)
        .flags("test_flags", runs, NewRun::test)
        .update();
  }

  private static long chars(NewRun run) {
    long payload = run.payload() == null ? 0 : run.payload().length();
    return payload + (run.metadata() == null ? 0 : run.metadata().length());
  }

  private static @Nullable Long maxDurationMillis(NewRun run) {
    Duration limit = run.maxDuration();
    return limit == null ? null : limit.toMillis();
  }

  private static String @Nullable [] textsOrNull(
      List<NewRun> runs, Function<NewRun, @Nullable String> column) {
    return arrayOrNull(runs, column, String[]::new);
  }

  /** A column; {@code null} if all its values are. */
  private static <T> T @Nullable [] arrayOrNull(
      List<NewRun> runs,
      Function<NewRun, @Nullable T> column,
      java.util.function.IntFunction<T[]> array) {
    Predicate<NewRun> hasValue = run -> column.apply(run) != null;
    return runs.stream().noneMatch(hasValue) ? null : runs.stream().map(column).toArray(array);
  }

  /**
   * A part without its items.
   *
   * @param bytes the size of its long texts
   */
  record Head(
      int firstIndex, int n, long laneId, long bytes, boolean hasTags, boolean hasMetadata) {
    /** The index after its last item. */
    int end() {
      return firstIndex + n;
    }
  }

  /** The next parts of a batch from an index on, in the order of their items. */
  List<Head> heads(Tx tx, UUID batchId, int fromIndex, int max) {
    return tx.sql(
            """
            select first_index, n, lane_id, bytes, tags is not null as has_tags,
                   metadata is not null as has_metadata
              from batch_parts
             where environment_id = :environment
               and batch_id = :batch_id
               and first_index >= :from_index
             order by first_index
             limit :max
            """)
        .bind("batch_id", batchId)
        .bind("from_index", fromIndex)
        .bind("max", max)
        .list(r ->
            new Head(
                r.integer("first_index"),
                r.integer("n"),
                r.bigint("lane_id"),
                r.bigint("bytes"),
                r.flag("has_tags"),
                r.flag("has_metadata")));
  }

  /** Deletes the parts of these batches. */
  void delete(Tx tx, List<UUID> batchIds) {
    tx.sql(
            """
            delete from batch_parts
             where environment_id = :environment
               and batch_id = any (:batch_ids)
            """)
        .uuids("batch_ids", batchIds)
        .update();
  }
}

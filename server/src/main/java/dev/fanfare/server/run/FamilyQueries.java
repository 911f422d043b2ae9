package dev.fanfare.server.run;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SQL that reads a run's parent and children. */
public final class FamilyQueries {

  /**
   * The lineage of a run; {@code null} when the run has no parent or does not exist. It takes no
   * lock, because a lineage never changes.
   */
  public @Nullable Lineage lineage(Tx tx, UUID runId) {
    Optional<Lineage> lineage =
        tx.sql(
                """
                select parent_run_id, root_run_id, depth
                  from runs
                 where environment_id = :environment
                   and run_id = :run_id
                   and within(run_id, :run_id)
                """)
            .bind("run_id", runId)
            .first(r -> Optional.ofNullable(lineage(r)));
    return lineage == null ? null : lineage.orElse(null);
  }

  /** The lineage in the columns of a row; {@code null} when it has no parent. */
  static @Nullable Lineage lineage(Row r) throws SQLException {
    UUID parentId = r.uuidOrNull("parent_run_id");
    return parentId == null
        ? null
        : new Lineage(parentId, r.uuid("root_run_id"), r.integer("depth"));
  }

  /** The lineage of future children of these runs, by parent id, without unknown parents. */
  public Map<UUID, Lineage> lineages(Tx tx, Collection<UUID> parentIds) {
    List<Lineage> lineages =
        tx.sql(
                """
                select r.run_id as parent_run_id, coalesce(r.root_run_id, r.run_id) as root_run_id,
                       coalesce(r.depth, 0) + 1 as depth
                  from runs r
                 where r.environment_id = :environment
                   and r.run_id = any (:parent_ids)
                   and within(r.run_id, :parent_ids)
                """)
            .uuids("parent_ids", parentIds)
            .list(r ->
                new Lineage(r.uuid("parent_run_id"), r.uuid("root_run_id"), r.integer("depth")));
    return lineages.stream().collect(Collectors.toMap(Lineage::parentId, lineage -> lineage));
  }

  /**
   * A member of a family, before its texts are read.
   *
   * @param lineage absent: the member is a child, or has no parent
   * @param bytes the size of its texts, without those that a summary omits if it is a child
   */
  record Member(UUID id, @Nullable Lineage lineage, long bytes) {}

  /**
   * A run, and then its first children, oldest first: up to {@code max}, and fewer when their texts
   * would exceed {@code bytesMax} in total. Empty when the environment has no such run.
   */
  List<Member> members(Tx tx, UUID runId, int max, long bytesMax) {
    return tx.sql(
            """
            select r.run_id, r.parent_run_id, r.root_run_id, r.depth,
                   coalesce(octet_length(r.payload), 0) + coalesce(octet_length(m.metadata), 0)
                     + coalesce(octet_length(r.options), 0) + coalesce(octet_length(o.output), 0)
                     + coalesce(octet_length(o.error), 0) as bytes,
                   0 as generation
              from runs r
              left join run_metadata m on m.environment_id = r.environment_id
                                      and m.run_id = r.run_id
                                      and within(m.run_id, :run_id)
              left join outcomes o on o.environment_id = r.environment_id
                                  and o.run_id = r.run_id
                                  and within(o.run_id, :run_id)
             where r.environment_id = :environment
               and r.run_id = :run_id
               and within(r.run_id, :run_id)
            union all
            select c.run_id, null, null, null, c.bytes, 1
              from (select x.run_id, x.bytes, sum(x.bytes) over (order by x.run_id) as bytes_so_far
                      from (select r.run_id,
                                   coalesce((select octet_length(m.metadata)
                                               from run_metadata m
                                              where m.environment_id = r.environment_id
                                                and m.run_id = r.run_id
                                                and since(m.run_id, :run_id)), 0)
                                     + coalesce(octet_length(r.options), 0) as bytes
                              from runs r
                             where r.environment_id = :environment
                               and r.parent_run_id = :run_id
                               and since(r.run_id, :run_id)
                             order by r.run_id
                             limit :max) as x) as c
             where c.bytes_so_far <= :bytes_max
             order by generation, run_id
            """)
        .bind("run_id", runId)
        .bind("max", max)
        .bind("bytes_max", bytesMax)
        .list(r -> new Member(r.uuid("run_id"), lineage(r), r.bigint("bytes")));
  }

  /**
   * What is needed to remove a run from its queue: its lane, its rank and its relations.
   *
   * @param batchId absent: none
   * @param parentId absent: none
   * @param ended whether the run is final, and so in no queue
   * @param hasChildren whether the run triggered others
   */
  public record Place(
      UUID runId,
      int taskId,
      long laneId,
      long rank,
      @Nullable UUID batchId,
      @Nullable UUID parentId,
      boolean ended,
      boolean hasChildren) {}

  /** The place of a run, or {@code null} when the environment has no such run. */
  public @Nullable Place place(Tx tx, UUID runId) {
    return tx.sql(
            """
            select r.run_id, r.task_id, r.lane_id, r.rank, r.batch_id, r.parent_run_id,
                   exists (select
                             from outcomes o
                            where o.environment_id = r.environment_id
                              and o.run_id = r.run_id
                              and within(o.run_id, :run_id)) as ended,
                   exists (select
                             from runs c
                            where c.environment_id = r.environment_id
                              and c.parent_run_id = r.run_id
                              and since(c.run_id, :run_id)) as has_children
              from runs r
             where r.environment_id = :environment
               and r.run_id = :run_id
               and within(r.run_id, :run_id)
            """)
        .bind("run_id", runId)
        .first(FamilyQueries::place);
  }

  /**
   * The places of children, oldest first: for each parent up to {@code max} children that are newer
   * than the id at the same position in {@code afterIds}.
   */
  public List<Place> childPlaces(Tx tx, UUID[] parentIds, UUID[] afterIds, int max) {
    return tx.sql(
            """
            select r.run_id, r.task_id, r.lane_id, r.rank, r.batch_id, r.parent_run_id,
                   (select true                     -- exists(…) may be planned as a full scan
                      from outcomes o
                     where o.environment_id = r.environment_id
                       and o.run_id = r.run_id
                       and since(o.run_id, :parent_ids)
                     limit 1) is not null as ended,
                   (select true
                      from runs c
                     where c.environment_id = r.environment_id
                       and c.parent_run_id = r.run_id
                       and since(c.run_id, :parent_ids)
                     limit 1) is not null as has_children
              from unnest(:parent_ids::uuid[], :after_ids::uuid[]) as p (run_id, after_run_id)
             cross join lateral (
                     select x.environment_id, x.run_id, x.task_id, x.lane_id, x.rank, x.batch_id,
                            x.parent_run_id
                       from runs x
                      where x.environment_id = :environment
                        and x.parent_run_id = p.run_id
                        and x.run_id > p.after_run_id
                        and since(x.run_id, :parent_ids)
                      order by x.run_id
                      limit :max) as r
             order by r.run_id
            """)
        .bind("parent_ids", parentIds)
        .bind("after_ids", afterIds)
        .bind("max", max)
        .list(FamilyQueries::place);
  }

  private static Place place(Row r) throws SQLException {
    return new Place(
        r.uuid("run_id"),
        r.integer("task_id"),
        r.bigint("lane_id"),
        r.bigint("rank"),
        r.uuidOrNull("batch_id"),
        r.uuidOrNull("parent_run_id"),
        r.flag("ended"),
        r.flag("has_children"));
  }
}

package dev.fanfare.server.batch;

import dev.fanfare.server.db.Tx;
import java.util.List;
import java.util.UUID;

/** SQL that deletes batches. */
public final class BatchDeletionStore {

  /** Deletes final batches, which no other transaction changes. */
  public void delete(Tx tx, List<UUID> batchIds) {
    tx.sql(
            """
            delete from batches
             where environment_id = :environment
               and batch_id = any (:batch_ids)
               and within(batch_id, :batch_ids)
            """)
        .uuids("batch_ids", batchIds)
        .update();
  }
}

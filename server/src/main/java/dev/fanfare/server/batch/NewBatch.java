package dev.fanfare.server.batch;

import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A validated request for a batch that is not stored yet.
 *
 * @param items at least one
 * @param key the batch key; absent: every request creates a batch
 * @param requestKey identifies a repeated request; absent: every request is a new one
 * @param source how it was triggered
 * @param token the one-time token that a new batch uses up; absent: none
 */
public record NewBatch(
    List<NewRun> items,
    NewRun.@Nullable Key key,
    @Nullable Hash requestKey,
    Source source,
    @Nullable OneTimeToken token) {

  /** The text of the batch key; {@code null}: none. */
  @Nullable String keyText() {
    return key == null ? null : key.text();
  }
}

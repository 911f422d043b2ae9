package dev.fanfare.server.batch;

import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch that somebody asks for, checked and not stored yet.
 *
 * @param items at least one
 * @param key makes the same batch sent twice one batch; absent: every batch is a new one
 * @param requestKey hash of what marks a repeated request; absent: the client sends no such mark
 * @param source how it was triggered
 * @param token what a new batch uses up; absent: nothing
 */
public record NewBatch(
    List<NewRun> items,
    NewRun.@Nullable Key key,
    @Nullable Hash requestKey,
    Source source,
    @Nullable OneTimeToken token) {

  /** The text of its key; absent: it has none. */
  @Nullable String keyText() {
    return key == null ? null : key.text();
  }
}

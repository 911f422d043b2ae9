package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.http.HttpError;

/** What becomes of a run that breaks a rule which only the stored data can tell. */
public interface Refused {
  /** Its trigger is refused. */
  Refused ALONE =
      (run, index, why) -> {
        throw new HttpError(422, why);
      };

  /** Its batch is refused, and told which item it is for. */
  Refused IN_A_BATCH =
      (run, index, why) -> {
        throw new HttpError(422, "items[" + index + "]: " + why);
      };

  /** It is stored as a run that failed, and its batch goes on. */
  Refused AS_A_FAILURE =
      (run, index, why) ->
          NewRun.failed(run.task(), RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, why));

  /** The run to store instead. */
  NewRun instead(NewRun run, int index, String why);
}

import assert from "node:assert/strict";
import { failure, isA, ONCE } from "../context.mjs";

/** The error of a failed call. Versions with two-phase batches wrap the error of a batch. */
const cause = async (call) => {
  const error = await failure(call);
  return error.cause ?? error;
};

export default function (check) {
  check("NotFoundError", "is thrown for runs and batches nobody made", async (t) => {
    const { NotFoundError, runs, batch } = t.sdk;
    isA(await failure(runs.retrieve("run_nobodymadethisrunatall00", ONCE)), NotFoundError, 404);
    isA(await failure(batch.retrieve("batch_nobodymadethis0000000", ONCE)), NotFoundError, 404);
    isA(await failure(runs.cancel("run_nobodymadethisrunatall00", ONCE)), NotFoundError, 404);
    isA(await failure(runs.replay("run_nobodymadethisrunatall00", ONCE)), NotFoundError, 404);
  });

  check("BadRequestError", "is thrown for a tag that is too long", async (t) => {
    const options = { tags: ["x".repeat(129)] };
    const error = await failure(t.sdk.tasks.trigger("echo", 1, options, ONCE));
    isA(error, t.sdk.BadRequestError, 400);
    assert.ok(error.message.length > 3);
  });

  check("BadRequestError", "is thrown for a status that nobody knows", async (t) => {
    const error = await failure(t.sdk.runs.list({ status: "MARINATING" }, ONCE));
    isA(error, t.sdk.BadRequestError, 400);
  });

  check("BadRequestError of runs.reschedule", "is thrown for a run that is not delayed", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1);
    await t.completed(id);
    const error = await failure(t.sdk.runs.reschedule(id, { delay: "1h" }, ONCE));
    isA(error, t.sdk.BadRequestError, 400);
  });

  check("UnprocessableEntityError", "is thrown for eleven tags", async (t) => {
    const tags = Array.from({ length: 11 }, (_, n) => `tag-${n}`);
    const error = await failure(t.sdk.tasks.trigger("echo", 1, { tags }, ONCE));
    isA(error, t.sdk.UnprocessableEntityError, 422);
    assert.match(error.message, /10 tags/);
  });

  check("ApiError 413", "is thrown for metadata that is too big", async (t) => {
    const metadata = { text: "x".repeat(300_000) };
    const error = await failure(t.sdk.tasks.trigger("echo", 1, { metadata }, ONCE));
    isA(error, t.sdk.ApiError, 413);
  });

  check("errors of a batch", "refuse one item's long tag", async (t) => {
    const items = [{ payload: 1 }, { payload: 2, options: { tags: ["x".repeat(129)] } }];
    const error = await cause(t.sdk.tasks.batchTrigger("echo", items, {}, ONCE));
    assert.ok([400, 422].includes(error.status), `${error.name} ${error.status}`);
  });

  check("errors of a batch", "refuse a batch of none", async (t) => {
    const error = await cause(t.sdk.tasks.batchTrigger("echo", [], {}, ONCE));
    isA(error, t.sdk.BadRequestError, 400);
  });

  check("BatchTriggerError", "tells the phase that failed", async (t) => {
    const BatchTriggerError = t.offered(t.sdk.BatchTriggerError);
    const items = [{ payload: 1, options: { tags: ["x".repeat(129)] } }];
    const error = await failure(t.sdk.tasks.batchTrigger("echo", items, {}, ONCE));
    assert.ok(error instanceof BatchTriggerError, error.constructor.name);
    assert.equal(error.phase, "stream");
    assert.equal(error.itemCount, 1);
    assert.match(error.batchId, /^batch_/);
  });
}

import assert from "node:assert/strict";

const numbered = (count) => Array.from({ length: count }, (_, n) => ({ payload: { n } }));

/** The payloads of the batch's runs, in the batch's order. */
async function payloads(t, handle, count) {
  const ids = await t.runsOf(handle, count);
  const runs = await Promise.all(ids.map((id) => t.sdk.runs.retrieve(id)));
  return runs.map((run) => run.payload);
}

export default function (check) {
  for (const count of [1, 2]) {
    check(`tasks.batchTrigger of ${count}`, "makes runs in the items' order", async (t) => {
      const handle = await t.sdk.tasks.batchTrigger("echo", numbered(count));
      assert.match(handle.batchId, /^batch_/);
      assert.equal(typeof handle.publicAccessToken, "string");
      assert.equal(handle.runCount ?? handle.runs.length, count);
      const expected = numbered(count).map((item) => item.payload);
      assert.deepEqual(await payloads(t, handle, count), expected);
      await t.batchCompleted(handle);
    });
  }

  check(
    "tasks.batchTrigger of 1,000",
    "makes a thousand runs that complete",
    async (t) => {
      const handle = await t.sdk.tasks.batchTrigger("echo", numbered(1000));
      assert.equal(handle.runCount ?? handle.runs.length, 1000);
      const runs = await t.runsOf(handle, 1000);
      assert.equal(new Set(runs).size, 1000);
      const last = await t.completed(runs[999]);
      assert.deepEqual(last.payload, { n: 999 });
      assert.equal((await t.batchCompleted(handle)).runCount, 1000);
    },
    { seconds: 40 },
  );

  check(
    "tasks.batchTrigger of 10,500",
    "streams more items than one request may have",
    async (t) => {
      t.offered(t.api.createBatch);
      const handle = await t.sdk.tasks.batchTrigger("echo", numbered(10_500));
      assert.equal(handle.runCount, 10_500);
      const runs = await t.runsOf(handle, 10_500);
      assert.equal(new Set(runs).size, 10_500);
      assert.deepEqual((await t.completed(runs[10_499])).payload, { n: 10_499 });
    },
    { seconds: 40 },
  );

  check("task().batchTrigger", "triggers by the task's own object", async (t) => {
    const echo = t.sdk.task({ id: "echo", run: async (payload) => payload });
    const handle = await echo.batchTrigger(numbered(2));
    assert.deepEqual(await payloads(t, handle, 2), [{ n: 0 }, { n: 1 }]);
  });

  check("batch.trigger", "mixes tasks by their ids", async (t) => {
    const handle = await t.sdk.batch.trigger([
      { id: "echo", payload: "first" },
      { id: "send-email", payload: { to: "ada@example.com" } },
      { id: "send-slack", payload: { channel: "general", message: "hi" } },
    ]);
    const ids = await t.runsOf(handle, 3);
    const runs = await Promise.all(ids.map((id) => t.completed(id)));
    assert.deepEqual(
      runs.map((run) => run.taskIdentifier),
      ["echo", "send-email", "send-slack"],
    );
    assert.deepEqual(runs[1].output, { delivered: true, to: "ada@example.com" });
  });

  check("batch.triggerByTask", "takes the tasks' own objects", async (t) => {
    const task = t.sdk.task({ id: "echo", run: async (payload) => payload });
    const handle = await t.sdk.batch.triggerByTask([
      { task, payload: 1 },
      { task, payload: 2 },
    ]);
    assert.deepEqual(await payloads(t, handle, 2), [1, 2]);
  });

  check("batch.trigger of a stream", "takes items as they come", async (t) => {
    async function* items() {
      for (let n = 0; n < 25; n++) {
        yield { id: "echo", payload: n };
      }
    }
    if (!t.since("4.3.1")) {
      t.offered(undefined);
    }
    const handle = await t.sdk.batch.trigger(items());
    assert.equal(handle.runCount, 25);
    assert.equal((await t.runsOf(handle, 25)).length, 25);
  });

  check("batch.trigger with triggerSequentially", "keeps the order", async (t) => {
    const items = [3, 1, 2].map((payload) => ({ id: "echo", payload }));
    const handle = await t.sdk.batch.trigger(items, { triggerSequentially: true });
    assert.deepEqual(await payloads(t, handle, 3), [3, 1, 2]);
    if (!t.requests.some((r) => r.headers["batch-processing-strategy"] === "sequential")) {
      t.offered(undefined);
    }
  });

  check("batchTrigger idempotencyKey", "makes the runs once", async (t) => {
    const key = await t.sdk.idempotencyKeys.create(t.unique("batch"), { scope: "global" });
    const options = { idempotencyKey: key, idempotencyKeyTTL: "1h" };
    const first = await t.sdk.tasks.batchTrigger("echo", numbered(3), options);
    const second = await t.sdk.tasks.batchTrigger("echo", numbered(3), options);
    assert.deepEqual(await t.runsOf(second, 3), await t.runsOf(first, 3));
    if (first.runs) {
      assert.equal(first.isCached, false);
      assert.equal(second.isCached, true);
      assert.equal(second.batchId, first.batchId);
    }
  });

  check("batchTrigger item idempotencyKey", "gives items of one key one run", async (t) => {
    const key = await t.sdk.idempotencyKeys.create(t.unique("item"), { scope: "global" });
    const item = { payload: 1, options: { idempotencyKey: key, idempotencyKeyTTL: "1h" } };
    const existing = await t.sdk.tasks.trigger("echo", 1, item.options);
    const handle = await t.sdk.tasks.batchTrigger("echo", [item, { payload: 2 }, item]);
    const runs = await t.runsOf(handle, 3);
    assert.deepEqual(
      [runs[0], runs[1] === existing.id, runs[2]],
      [existing.id, false, existing.id],
    );
  });

  check("batch.retrieve", "tells status, counts and runs", async (t) => {
    const handle = await t.sdk.tasks.batchTrigger("echo", numbered(2));
    const batch = await t.batchCompleted(handle);
    assert.equal(batch.id, handle.batchId);
    assert.equal(batch.runCount, 2);
    if (t.since("4.0.0")) {
      assert.equal(batch.runs.length, 2);
    }
    assert.ok(batch.createdAt instanceof Date);
    assert.ok(batch.updatedAt instanceof Date);
  });

  check("two phases (createBatch, streamBatchItems)", "dedupe what is sent again", async (t) => {
    const createBatch = t.offered(t.api.createBatch).bind(t.api);
    const batch = await createBatch({ runCount: 2, taskIdentifiers: ["echo"] });
    assert.equal(batch.runCount, 2);
    assert.equal(batch.isCached, false);
    const items = [0, 1].map((index) => ({
      index,
      task: "echo",
      payload: `"${index}"`,
      options: { payloadType: "application/json" },
    }));
    const sealed = await t.api.streamBatchItems(batch.id, items);
    assert.deepEqual([sealed.itemsAccepted, sealed.sealed], [2, true]);
    const again = await t.api.streamBatchItems(batch.id, items);
    assert.deepEqual([again.itemsAccepted, again.sealed], [0, true]);
    await t.batchCompleted({ batchId: batch.id });
  });

  check("API client: getBatchResults", "has a result for each run", async (t) => {
    const handle = await t.sdk.tasks.batchTrigger("echo", numbered(2));
    await t.batchCompleted(handle);
    const results = await t.api.getBatchResults(handle.batchId);
    assert.equal(results.id, handle.batchId);
    assert.deepEqual(
      results.items.map((item) => item.ok),
      [true, true],
    );
  });
}

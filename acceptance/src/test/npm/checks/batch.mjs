import assert from "node:assert/strict";

const numbered = (count) => Array.from({ length: count }, (_, n) => ({ payload: { n } }));

/** The payloads of the batch's runs, in the batch's order. */
async function payloads(t, batchId, count) {
  const batch = await t.batch(batchId, count);
  const runs = await Promise.all(batch.runs.map((id) => t.sdk.runs.retrieve(id)));
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
      assert.deepEqual(await payloads(t, handle.batchId, count), expected);
      await t.batchCompleted(handle.batchId);
    });
  }

  check(
    "tasks.batchTrigger of 1,000",
    "makes a thousand runs that complete",
    async (t) => {
      const handle = await t.sdk.tasks.batchTrigger("echo", numbered(1000));
      assert.equal(handle.runCount ?? handle.runs.length, 1000);
      const batch = await t.batch(handle.batchId, 1000);
      assert.equal(batch.runCount, 1000);
      assert.equal(new Set(batch.runs).size, 1000);
      if (handle.runs) {
        assert.deepEqual(
          handle.runs.map((run) => run.id),
          batch.runs,
        );
      }
      const last = await t.completed(batch.runs[999]);
      assert.deepEqual(last.payload, { n: 999 });
      await t.batchCompleted(handle.batchId);
    },
    { seconds: 40 },
  );

  check("task().batchTrigger", "triggers by the task's own object", async (t) => {
    const echo = t.sdk.task({ id: "echo", run: async (payload) => payload });
    const handle = await echo.batchTrigger(numbered(2));
    assert.deepEqual(await payloads(t, handle.batchId, 2), [{ n: 0 }, { n: 1 }]);
  });

  check("batch.trigger", "mixes tasks by their ids", async (t) => {
    const handle = await t.sdk.batch.trigger([
      { id: "echo", payload: "first" },
      { id: "send-email", payload: { to: "ada@example.com" } },
      { id: "send-slack", payload: { channel: "general", message: "hi" } },
    ]);
    const batch = await t.batch(handle.batchId, 3);
    const runs = await Promise.all(batch.runs.map((id) => t.completed(id)));
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
    assert.deepEqual(await payloads(t, handle.batchId, 2), [1, 2]);
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
    assert.equal((await t.batch(handle.batchId, 25)).runCount, 25);
  });

  check("batch.trigger with triggerSequentially", "keeps the order", async (t) => {
    const items = [3, 1, 2].map((payload) => ({ id: "echo", payload }));
    const handle = await t.sdk.batch.trigger(items, { triggerSequentially: true });
    assert.deepEqual(await payloads(t, handle.batchId, 3), [3, 1, 2]);
    if (!t.requests.some((r) => r.headers["batch-processing-strategy"] === "sequential")) {
      t.offered(undefined);
    }
  });

  check("batchTrigger idempotencyKey", "makes the runs once", async (t) => {
    const key = await t.sdk.idempotencyKeys.create(t.unique("batch"), { scope: "global" });
    const options = { idempotencyKey: key, idempotencyKeyTTL: "1h" };
    const first = await t.sdk.tasks.batchTrigger("echo", numbered(3), options);
    const second = await t.sdk.tasks.batchTrigger("echo", numbered(3), options);
    const runs = (await t.batch(first.batchId, 3)).runs;
    assert.deepEqual((await t.batch(second.batchId, 3)).runs, runs);
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
    const { runs } = await t.batch(handle.batchId, 3);
    assert.deepEqual(
      [runs[0], runs[1] === existing.id, runs[2]],
      [existing.id, false, existing.id],
    );
  });

  check("batch.retrieve", "tells status, counts and runs", async (t) => {
    const { batchId } = await t.sdk.tasks.batchTrigger("echo", numbered(2));
    const batch = await t.batchCompleted(batchId);
    assert.equal(batch.id, batchId);
    assert.equal(batch.runCount, 2);
    assert.equal(batch.runs.length, 2);
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
    await t.batchCompleted(batch.id);
  });

  check("API client: getBatchResults", "has a result for each run", async (t) => {
    const { batchId } = await t.sdk.tasks.batchTrigger("echo", numbered(2));
    await t.batchCompleted(batchId);
    const results = await t.api.getBatchResults(batchId);
    assert.equal(results.id, batchId);
    assert.deepEqual(
      results.items.map((item) => item.ok),
      [true, true],
    );
  });
}

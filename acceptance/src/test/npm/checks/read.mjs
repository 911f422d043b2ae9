import assert from "node:assert/strict";

export default function (check) {
  check("runs.retrieve", "tells all about a run that completed", async (t) => {
    const before = Date.now() - 60_000;
    const { id } = await t.sdk.tasks.trigger("slow", { ms: 20 });
    const run = await t.completed(id);
    assert.equal(run.id, id);
    assert.equal(run.taskIdentifier, "slow");
    assert.deepEqual(run.output, { slept: 20 });
    for (const at of ["createdAt", "updatedAt", "startedAt", "finishedAt"]) {
      assert.ok(run[at] instanceof Date, at);
      assert.ok(run[at].getTime() > before, at);
    }
    for (const none of ["delayedUntil", "expiredAt", "idempotencyKey", "error"]) {
      assert.equal(run[none], undefined, none);
    }
    assert.deepEqual(
      [run.isQueued, run.isExecuting, run.isCompleted, run.isSuccess, run.isFailed],
      [false, false, true, true, false],
    );
    assert.equal(run.isTest, false);
    assert.deepEqual(run.tags, []);
    assert.equal(run.attemptCount, 1);
    assert.equal(typeof run.durationMs, "number");
    assert.equal(typeof run.costInCents, "number");
    assert.deepEqual(run.relatedRuns.children, []);
    assert.equal(run.triggerFunction, "trigger");
  });

  check("runs.retrieve", "tells the error of a run that failed", async (t) => {
    const run = await t.ended(await t.sdk.tasks.trigger("fail", {}));
    assert.equal(run.status, "FAILED");
    assert.deepEqual([run.isCompleted, run.isSuccess, run.isFailed], [true, false, true]);
    assert.equal(run.error.message, "boom");
    assert.equal(run.attemptCount, 3);
    assert.equal(run.output, undefined);
  });

  check("runs.retrieve of a batch's run", "names the batch", async (t) => {
    const handle = await t.sdk.tasks.batchTrigger("echo", [{ payload: 1 }]);
    const [id] = await t.runsOf(handle, 1);
    const run = await t.sdk.runs.retrieve(id);
    assert.equal(run.batchId, handle.batchId);
    assert.equal(run.triggerFunction, "batchTrigger");
  });

  check("runs.retrieve of a child", "shows parent, root and children", async (t) => {
    const parent = await t.sdk.tasks.trigger("echo", "parent");
    const options = { parentRunId: parent.id };
    const child = await t.api.triggerTask("echo", { payload: '"child"', options });
    const run = await t.sdk.runs.retrieve(child.id);
    assert.deepEqual([run.depth, run.triggerFunction], [1, "trigger"]);
    assert.equal(run.relatedRuns.parent.id, parent.id);
    assert.equal(run.relatedRuns.root.id, parent.id);
    assert.ok(run.relatedRuns.parent.createdAt instanceof Date);
    const above = await t.sdk.runs.retrieve(parent.id);
    assert.deepEqual(above.relatedRuns.children.map((r) => r.id), [child.id]);
    assert.equal(above.relatedRuns.parent, undefined);
  });

  check("runs.poll", "waits for the end", async (t) => {
    const handle = await t.sdk.tasks.trigger("slow", { ms: 300 });
    const run = await t.sdk.runs.poll(handle, { pollIntervalMs: 50 });
    assert.equal(run.status, "COMPLETED");
    assert.deepEqual(run.output, { slept: 300 });
  });

  check("runs.poll", "waits through attempts that fail", async (t) => {
    const handle = await t.sdk.tasks.trigger("flaky", { failures: 2 });
    const run = await t.sdk.runs.poll(handle, { pollIntervalMs: 50 });
    assert.deepEqual(run.output, { attempt: 3 });
    assert.equal(run.attemptCount, 3);
  });

  check("API client: getRunResult", "has the output of a success", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", { n: 1 });
    await t.completed(id);
    const result = await t.api.getRunResult(id);
    assert.equal(result.ok, true);
    assert.equal(result.id, id);
    assert.deepEqual(JSON.parse(result.output), { n: 1 });
  });

  check("API client: getRunResult", "has the error of a failure", async (t) => {
    const { id } = await t.sdk.tasks.trigger("fail", {}, { maxAttempts: 1 });
    await t.ended(id);
    const result = await t.api.getRunResult(id);
    assert.equal(result.ok, false);
    assert.match(JSON.stringify(result.error), /boom/);
  });
}

import assert from "node:assert/strict";

export default function (check) {
  check("tasks.trigger", "gives a handle to a run that completes", async (t) => {
    const handle = await t.sdk.tasks.trigger("echo", { greeting: "hello" });
    assert.match(handle.id, /^run_/);
    assert.equal(typeof handle.publicAccessToken, "string");
    const run = await t.completed(handle);
    assert.equal(run.taskIdentifier, "echo");
    assert.deepEqual(run.payload, { greeting: "hello" });
    assert.deepEqual(run.output, { greeting: "hello" });
  });

  const payloads = {
    "a string": "héllo \u2028 “quoted”",
    "a number": 12.5,
    false: false,
    null: null,
    "an array": [1, "two", { three: 3 }],
    "nested objects": { a: { b: { c: ["d"] } }, empty: {}, none: null },
  };
  for (const [name, payload] of Object.entries(payloads)) {
    check("tasks.trigger", `carries ${name} there and back`, async (t) => {
      const run = await t.completed(await t.sdk.tasks.trigger("echo", payload));
      assert.deepEqual(run.payload, payload);
      assert.deepEqual(run.output, payload);
    });
  }

  check("tasks.trigger", "works without a payload", async (t) => {
    const run = await t.completed(await t.sdk.tasks.trigger("echo"));
    assert.equal(run.payload ?? undefined, undefined);
  });

  check("tasks.trigger", "carries dates as text", async (t) => {
    const at = new Date("2026-01-02T03:04:05.678Z");
    const run = await t.completed(await t.sdk.tasks.trigger("echo", { at }));
    assert.equal(new Date(run.payload.at).getTime(), at.getTime());
  });

  check("tasks.trigger", "takes any task id, known or not", async (t) => {
    const id = "nobody's/task with a space";
    const handle = await t.sdk.tasks.trigger(id, {});
    assert.equal((await t.sdk.runs.retrieve(handle)).taskIdentifier, id);
  });

  check("task().trigger", "triggers by the task's own object", async (t) => {
    const echo = t.sdk.task({ id: "echo", run: async (payload) => payload });
    const run = await t.completed(await echo.trigger({ by: "task" }));
    assert.deepEqual(run.output, { by: "task" });
  });

  check("tasks.triggerAndPoll", "comes back with the ended run", async (t) => {
    const triggerAndPoll = t.offered(t.sdk.tasks.triggerAndPoll);
    const run = await triggerAndPoll("echo", { n: 1 }, { pollIntervalMs: 100 });
    assert.equal(run.status, "COMPLETED");
    assert.deepEqual(run.output, { n: 1 });
  });

  check("idempotencyKeys.create", "makes the same key of the same words", async (t) => {
    const key = await t.sdk.idempotencyKeys.create(["user", "7"], { scope: "global" });
    assert.match(key, /^[0-9a-f]{64}$/);
    assert.equal(key, await t.sdk.idempotencyKeys.create(["user", "7"], { scope: "global" }));
  });

  check("idempotencyKeys.create", "triggers once", async (t) => {
    const word = t.unique("key");
    const idempotencyKey = await t.sdk.idempotencyKeys.create(word, { scope: "global" });
    const first = await t.sdk.tasks.trigger("echo", 1, { idempotencyKey });
    const second = await t.sdk.tasks.trigger("echo", 2, { idempotencyKey });
    assert.equal(second.id, first.id);
    const run = await t.sdk.runs.retrieve(first.id);
    // Versions that send the original key get it back.
    const sent = t.requests.some((r) => r.body.includes("idempotencyKeyOptions"));
    assert.equal(run.idempotencyKey, sent ? word : idempotencyKey);
  });

  check("idempotencyKeys.reset", "frees the key for a new run", async (t) => {
    const reset = t.offered(t.sdk.idempotencyKeys.reset);
    const idempotencyKey = await t.sdk.idempotencyKeys.create(t.unique("key"), { scope: "global" });
    const first = await t.sdk.tasks.trigger("echo", 1, { idempotencyKey });
    const answer = await reset("echo", idempotencyKey);
    assert.equal(answer.id, idempotencyKey);
    const second = await t.sdk.tasks.trigger("echo", 2, { idempotencyKey });
    assert.notEqual(second.id, first.id);
  });
}

import assert from "node:assert/strict";

export default function (check) {
  check("runs.cancel", "cancels a run that has not started", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1, { delay: "1h" });
    assert.equal((await t.sdk.runs.cancel(id)).id, id);
    const run = await t.sdk.runs.retrieve(id);
    assert.equal(run.status, "CANCELED");
    assert.equal(run.isCancelled, true);
    assert.equal(run.isCompleted, true);
  });

  check("runs.cancel", "cancels a run that executes", async (t) => {
    const { id } = await t.sdk.tasks.trigger("slow", { ms: 5_000 });
    await t.until(
      () => t.sdk.runs.retrieve(id),
      (run) => run.isExecuting,
    );
    await t.sdk.runs.cancel(id);
    assert.equal((await t.ended(id)).status, "CANCELED");
  });

  check("runs.cancel", "leaves a final run as it is", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1);
    await t.completed(id);
    assert.equal((await t.sdk.runs.cancel(id)).id, id);
    assert.equal((await t.sdk.runs.retrieve(id)).status, "COMPLETED");
  });

  check("runs.replay", "makes a new run of the same payload and tags", async (t) => {
    const tag = t.unique("replay");
    const original = await t.sdk.tasks.trigger("echo", { n: 1 }, { tags: [tag] });
    await t.completed(original);
    const again = await t.sdk.runs.replay(original.id);
    assert.notEqual(again.id, original.id);
    const run = await t.completed(again.id);
    assert.deepEqual(run.output, { n: 1 });
    assert.deepEqual(run.tags, [tag]);
  });

  check("runs.replay with options", "replaces what is given", async (t) => {
    const original = await t.sdk.tasks.trigger("echo", { n: 1 }, { tags: ["old"] });
    const again = await t.sdk.runs.replay(original.id, { payload: { n: 2 }, tags: ["new"] });
    t.sentOrAbsent('"new"');
    const run = await t.completed(again.id);
    assert.deepEqual(run.output, { n: 2 });
    assert.deepEqual(run.tags, ["new"]);
  });

  check("runs.reschedule", "moves the time of a delayed run", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1, { delay: "1h" });
    const at = new Date(Date.now() + 7_200_000);
    const run = await t.sdk.runs.reschedule(id, { delay: at });
    assert.equal(run.id, id);
    assert.equal(run.status, "DELAYED");
    assert.equal(run.delayedUntil.getTime(), at.getTime());
    await t.sdk.runs.reschedule(id, { delay: "1s" });
    await t.completed(id);
  });

  check(
    "tags.add",
    "adds tags to the run that calls it",
    async (t) => {
      const { id } = await t.sdk.tasks.trigger("echo", 1, { tags: ["a"], delay: "1h" });
      await t.inside(id, async () => {
        await t.sdk.tags.add("b");
        await t.sdk.tags.add(["c", "a"]);
      });
      assert.deepEqual((await t.sdk.runs.retrieve(id)).tags, ["a", "b", "c"]);
    },
    { alone: true },
  );

  check(
    "metadata.set, append, increment, …",
    "changes the metadata of the run that calls it",
    async (t) => {
      const initial = { n: 1, list: ["x", "y"], gone: true };
      const { id } = await t.sdk.tasks.trigger("echo", 1, { metadata: initial, delay: "1h" });
      const change = async () => {
        const { metadata } = t.sdk;
        metadata.set("status", "half done").del("gone").increment("n", 4).decrement("n", 2);
        metadata.append("list", "z").remove("list", "x");
        await metadata.flush();
      };
      await t.inside(id, change, structuredClone(initial));
      const run = await t.sdk.runs.retrieve(id);
      assert.deepEqual(run.metadata, { n: 3, list: ["y", "z"], status: "half done" });
    },
    { alone: true },
  );

  check(
    "metadata.replace",
    "replaces the metadata of the run that calls it",
    async (t) => {
      const { id } = await t.sdk.tasks.trigger("echo", 1, { metadata: { a: 1 }, delay: "1h" });
      await t.inside(id, async () => {
        t.sdk.metadata.replace({ b: 2 });
        await t.sdk.metadata.flush();
      });
      assert.deepEqual((await t.sdk.runs.retrieve(id)).metadata, { b: 2 });
    },
    { alone: true },
  );

  check(
    "metadata.refresh",
    "reads the metadata of the run that calls it",
    async (t) => {
      const { id } = await t.sdk.tasks.trigger("echo", 1, { metadata: { a: 1 }, delay: "1h" });
      await t.inside(id, async () => {
        await t.sdk.metadata.refresh();
        assert.deepEqual(t.sdk.metadata.current(), { a: 1 });
      });
    },
    { alone: true },
  );

  check("API client: updateRunMetadata", "answers with the whole metadata", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1, { delay: "1h" });
    const answer = await t.api.updateRunMetadata(id, { metadata: { a: { b: [1] } } });
    assert.deepEqual(answer.metadata, { a: { b: [1] } });
    const operations = [{ type: "set", key: "$.a.b[0]", value: 2 }];
    const changed = await t.api.updateRunMetadata(id, { operations });
    assert.deepEqual(changed.metadata, { a: { b: [2] } });
  });
}

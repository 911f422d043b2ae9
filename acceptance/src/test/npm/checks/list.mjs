import assert from "node:assert/strict";

/** Triggers runs with a tag that only this check uses. */
async function tagged(t, count, task = "echo", options = {}) {
  const tag = t.unique("list");
  const ids = [];
  for (let n = 0; n < count; n++) {
    ids.push((await t.sdk.tasks.trigger(task, { n }, { tags: [tag], ...options })).id);
  }
  return { tag, ids };
}

const ids = (page) => page.data.map((run) => run.id);

export default function (check) {
  check("runs.list", "lists the newest first", async (t) => {
    const { tag, ids: made } = await tagged(t, 2);
    assert.deepEqual(ids(await t.sdk.runs.list({ tag })), [...made].reverse());
    const page = await t.sdk.runs.list({ limit: 100 });
    const times = page.data.map((run) => run.createdAt.getTime());
    // Runs are listed in the order in which they were stored. For concurrent triggers this can
    // differ from the order of their times by milliseconds.
    for (let i = 1; i < times.length; i++) {
      assert.ok(times[i] <= times[i - 1] + 1000, `${times[i]} after ${times[i - 1]}`);
    }
    const run = page.data[0];
    assert.match(run.id, /^run_/);
    assert.ok(run.createdAt instanceof Date);
    assert.equal(typeof run.env.id, "string");
    assert.equal(typeof run.env.name, "string");
  });

  check("runs.list, for await", "goes on to the next pages by itself", async (t) => {
    const { tag, ids: made } = await tagged(t, 7);
    const found = [];
    for await (const run of t.sdk.runs.list({ tag, limit: 3 })) {
      found.push(run.id);
    }
    assert.deepEqual(found, [...made].reverse());
  });

  check("runs.list, pages", "goes forth and back", async (t) => {
    const { tag, ids: made } = await tagged(t, 4);
    const newest = [...made].reverse();
    const first = await t.sdk.runs.list({ tag, limit: 2 });
    assert.deepEqual(ids(first), newest.slice(0, 2));
    assert.equal(first.hasNextPage(), true);
    assert.equal(first.hasPreviousPage(), false);
    const second = await first.getNextPage();
    assert.deepEqual(ids(second), newest.slice(2));
    assert.equal(second.hasNextPage(), false);
    assert.deepEqual(ids(await second.getPreviousPage()), newest.slice(0, 2));
  });

  check("runs.list by tag", "has the runs of any of the tags", async (t) => {
    const [a, b] = [await tagged(t, 1), await tagged(t, 1)];
    assert.deepEqual(ids(await t.sdk.runs.list({ tag: a.tag })), a.ids);
    assert.deepEqual(ids(await t.sdk.runs.list({ tag: [a.tag, b.tag] })), [...b.ids, ...a.ids]);
  });

  check("runs.list by taskIdentifier", "has the runs of the tasks", async (t) => {
    const task = t.unique("task");
    const { ids: made } = await tagged(t, 2, task);
    const page = await t.sdk.runs.list({ taskIdentifier: task });
    assert.deepEqual(ids(page), [...made].reverse());
    const two = await t.sdk.runs.list({ taskIdentifier: [task, "no-such-task"] });
    assert.equal(two.data.length, 2);
  });

  check("runs.list by status", "has the runs in these states", async (t) => {
    const { tag, ids: done } = await tagged(t, 1);
    const delayed = await t.sdk.tasks.trigger("echo", 1, { tags: [tag], delay: "1h" });
    await t.completed(done[0]);
    const list = (status) => t.sdk.runs.list({ tag, status }).then(ids);
    assert.deepEqual(await list("COMPLETED"), done);
    assert.deepEqual(await list("DELAYED"), [delayed.id]);
    assert.deepEqual(await list(["COMPLETED", "DELAYED"]), [delayed.id, ...done]);
    assert.deepEqual(await list("FAILED"), []);
    assert.deepEqual(await list(["QUEUED", "EXECUTING", "CANCELED", "CRASHED"]), []);
  });

  check("runs.list by isTest", "tells tests from others", async (t) => {
    const { tag, ids: made } = await tagged(t, 1);
    const test = await t.api.triggerTask("echo", {
      payload: 1,
      options: { tags: [tag], test: true },
    });
    assert.deepEqual(ids(await t.sdk.runs.list({ tag, isTest: true })), [test.id]);
    assert.deepEqual(ids(await t.sdk.runs.list({ tag, isTest: false })), made);
  });

  check("runs.list by from and to", "has the runs made in between", async (t) => {
    const { tag, ids: made } = await tagged(t, 1);
    const createdAt = (await t.sdk.runs.retrieve(made[0])).createdAt.getTime();
    const list = (from, to) => t.sdk.runs.list({ tag, from, to }).then(ids);
    assert.deepEqual(await list(new Date(createdAt - 1000), new Date(createdAt + 1000)), made);
    assert.deepEqual(await list(createdAt - 1000, createdAt + 1000), made);
    assert.deepEqual(await list(new Date(createdAt + 1000), undefined), []);
    assert.deepEqual(await list(undefined, new Date(createdAt - 1000)), []);
  });

  check("runs.list by period", "has the runs of the last while", async (t) => {
    const { tag, ids: made } = await tagged(t, 1);
    assert.deepEqual(ids(await t.sdk.runs.list({ tag, period: "1h" })), made);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual(ids(await t.sdk.runs.list({ tag, period: "1s" })), []);
  });

  check("runs.list by batch", "has the runs of the batch", async (t) => {
    const handle = await t.sdk.tasks.batchTrigger("echo", [{ payload: 1 }, { payload: 2 }]);
    const runs = await t.runsOf(handle, 2);
    const page = await t.sdk.runs.list({ batch: handle.batchId });
    assert.deepEqual(ids(page).sort(), [...runs].sort());
  });

  check("runs.list by queue", "has the runs of the queue", async (t) => {
    const name = t.unique("queue");
    const { tag, ids: made } = await tagged(t, 1, "echo", { queue: t.queue(name) });
    const page = await t.sdk.runs.list({ tag, queue: { type: "custom", name } });
    t.sentOrAbsent("filter[queue]");
    assert.deepEqual(ids(page), made);
    const ofTask = await t.sdk.runs.list({ tag, queue: { type: "task", name: "echo" } });
    assert.deepEqual(ids(ofTask), []);
  });

  check("runs.list by machine", "has the runs of the machine", async (t) => {
    const { tag, ids: made } = await tagged(t, 1, "echo", { machine: "small-2x" });
    const page = await t.sdk.runs.list({ tag, machine: "small-2x" });
    t.sentOrAbsent("filter[machine]");
    assert.deepEqual(ids(page), made);
    assert.deepEqual(ids(await t.sdk.runs.list({ tag, machine: ["micro"] })), []);
  });

  for (const [filter, value] of [
    ["version", "20260101.1"],
    ["schedule", "sched_none"],
    ["bulkAction", "bulk_none"],
    ["region", "mars-north-1"],
  ]) {
    check(`runs.list by ${filter}`, "has none when no run has it", async (t) => {
      const { tag } = await tagged(t, 1);
      const page = await t.sdk.runs.list({ tag, [filter]: value });
      t.sentOrAbsent(`filter[${filter}]`);
      assert.deepEqual(ids(page), []);
    });
  }
}

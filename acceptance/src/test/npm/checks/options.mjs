import assert from "node:assert/strict";
import { ONCE } from "../context.mjs";

const HOUR = 3_600_000;

/** Defines the same check of an option twice: on a trigger, and on an item of a batch. */
function both(check, option, title, options, expect, task = "echo", payload = { ms: 10 }) {
  const of = (t) => (typeof options === "function" ? options(t) : options);
  check(`option ${option}`, `on a trigger ${title}`, async (t) => {
    const given = await of(t);
    const { id } = await t.sdk.tasks.trigger(task, payload, given);
    t.sentOrAbsent(`"${option}"`);
    await expect(t, id, given);
  });
  check(`option ${option} of a batch's item`, title, async (t) => {
    const given = await of(t);
    // Option names are checked on a single trigger, because a stream cannot be inspected.
    await t.sdk.tasks.trigger(task, payload, { ...given, ...apart(t, given) });
    t.sentOrAbsent(`"${option}"`);
    const items = [{ id: task, payload, options: given }];
    const [id] = await t.runsOf(await t.sdk.batch.trigger(items), 1);
    await expect(t, id, given);
  });
}

/** Options that keep the run of that single trigger apart from the run of the item. */
function apart(t, given) {
  const other = {};
  if (given.idempotencyKey) other.idempotencyKey = t.unique("other");
  if (given.debounce) other.debounce = { ...given.debounce, key: t.unique("other") };
  if (given.queue) other.queue = t.queue(t.unique("other"));
  if (given.tags) other.tags = [t.unique("other")];
  return other;
}

const near = (date, milliseconds) =>
  assert.ok(Math.abs(date.getTime() - milliseconds) < 60_000, `${date} is not near`);

export default function (check) {
  both(check, "tags", "are on the run", { tags: ["b", "a", "b"] }, async (t, id) => {
    assert.deepEqual((await t.sdk.runs.retrieve(id)).tags, ["a", "b"]);
  });

  check("option tags", "may be a single one", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1, { tags: "single" });
    assert.deepEqual((await t.sdk.runs.retrieve(id)).tags, ["single"]);
  });

  const metadata = { user: { id: 7, names: ["Ada"] }, flag: true };
  both(check, "metadata", "is on the run", { metadata }, async (t, id) => {
    assert.deepEqual((await t.sdk.runs.retrieve(id)).metadata, metadata);
  });

  both(check, "delay", "as a duration holds the run back", { delay: "1h30m" }, async (t, id) => {
    const run = await t.sdk.runs.retrieve(id);
    assert.equal(run.status, "DELAYED");
    near(run.delayedUntil, Date.now() + 1.5 * HOUR);
  });

  const date = new Date(Date.now() + HOUR);
  both(check, "delay", "as a date holds the run back", { delay: date }, async (t, id) => {
    const run = await t.sdk.runs.retrieve(id);
    assert.equal(run.status, "DELAYED");
    assert.equal(run.delayedUntil.getTime(), date.getTime());
  });

  check("option delay", "lets the run start when it is over", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1, { delay: "1s" });
    const run = await t.completed(id);
    assert.ok(run.delayedUntil.getTime() - run.createdAt.getTime() > 900);
    assert.ok(run.startedAt >= run.delayedUntil);
  });

  both(check, "ttl", "as a duration is kept", { ttl: "2h" }, async (t, id) => {
    assert.equal((await t.sdk.runs.retrieve(id)).ttl, "2h");
    await t.completed(id);
  });

  both(check, "ttl", "as seconds is kept", { ttl: 5400 }, async (t, id) => {
    assert.equal((await t.sdk.runs.retrieve(id)).ttl, "1h30m");
  });

  check("option ttl, running out", "expires a run that did not start", async (t) => {
    // The queue of this task has a concurrency limit of 1, and the first run holds its slot.
    const first = await t.sdk.tasks.trigger("narrow", { ms: 6000 });
    await t.until(
      () => t.sdk.runs.retrieve(first.id),
      (run) => run.isExecuting,
    );
    const { id } = await t.sdk.tasks.trigger("narrow", { ms: 1 }, { ttl: "1s" });
    const run = await t.ended(id);
    assert.equal(run.status, "EXPIRED");
    assert.ok(run.expiredAt instanceof Date);
  });

  const key = async (t) => ({ idempotencyKey: t.unique("key"), idempotencyKeyTTL: "1h" });
  both(check, "idempotencyKey", "finds the first run again", key, async (t, id, given) => {
    assert.equal((await t.sdk.tasks.trigger("echo", 2, given)).id, id);
  });

  const brief = async (t) => ({ idempotencyKey: t.unique("key"), idempotencyKeyTTL: "1s" });
  both(check, "idempotencyKeyTTL", "ends the key's life", brief, async (t, id, given) => {
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.notEqual((await t.sdk.tasks.trigger("echo", 2, given)).id, id);
  });

  const queue = (t) => ({ queue: t.queue(t.unique("queue")) });
  both(check, "queue", "takes the run", queue, async (t, id, given) => {
    await t.completed(id);
    const name = given.queue.name ?? given.queue;
    const list = await t.sdk.runs.list({ queue: { type: "custom", name } });
    if (t.requests.some((r) => r.path.includes("filter[queue]"))) {
      assert.deepEqual(
        list.data.map((run) => run.id),
        [id],
      );
    }
  });

  both(check, "concurrencyKey", "is taken", { concurrencyKey: "tenant-7" }, async (t, id) => {
    await t.completed(id);
  });

  both(check, "priority", "is taken", { priority: 10 }, async (t, id) => {
    await t.completed(id);
  });

  both(
    check,
    "maxAttempts",
    "limits the attempts",
    { maxAttempts: 1 },
    async (t, id) => {
      const run = await t.ended(id);
      assert.equal(run.status, "FAILED");
      assert.equal(run.attemptCount, 1);
    },
    "fail",
  );

  both(check, "maxDuration", "is taken", { maxDuration: 60 }, async (t, id) => {
    await t.completed(id);
  });

  const machine = (t) => ({ machine: "medium-1x", tags: [t.unique("machine")] });
  both(check, "machine", "is on the run", machine, async (t, id, { tags }) => {
    await t.completed(id);
    const list = await t.sdk.runs.list({ tag: tags, machine: "medium-1x" });
    assert.deepEqual(
      list.data.map((run) => run.id),
      [id],
    );
  });

  both(check, "region", "is on the run", { region: "eu-central-1" }, async (t, id) => {
    const run = await t.sdk.runs.retrieve(id);
    if (t.since("4.5.0")) { // earlier versions send the option, but do not return the region
      assert.equal(run.region, "eu-central-1");
    }
  });

  const current = async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1);
    return { version: (await t.completed(id)).version };
  };
  both(check, "lockToVersion", "has that version execute it", current, async (t, id, given) => {
    assert.ok(given.version);
    assert.equal((await t.completed(id)).version, given.version);
  });

  check("option lockToVersion, unknown", "is an UnprocessableEntityError", async (t) => {
    const asked = t.sdk.tasks.trigger("echo", 1, { version: "19700101.1" }, { requestOptions: ONCE });
    const error = await asked.then(() => undefined, (thrown) => thrown);
    t.sentOrAbsent('"lockToVersion"');
    assert.equal(error?.status, 422);
    assert.match(error.message, /no worker found with that version/);
  });

  const debounce = (t) => ({ debounce: { key: t.unique("typing"), delay: "1h" } });
  both(check, "debounce", "gathers triggers in one run", debounce, async (t, id, given) => {
    assert.equal((await t.sdk.runs.retrieve(id)).status, "DELAYED");
    assert.equal((await t.sdk.tasks.trigger("echo", 2, given)).id, id);
  });

  check("option debounce, trailing", "takes the newest payload", async (t) => {
    const key = t.unique("typing");
    const given = { debounce: { key, delay: "4s", mode: "trailing" } };
    const first = await t.sdk.tasks.trigger("echo", 1, given);
    t.sentOrAbsent('"debounce"');
    const second = await t.sdk.tasks.trigger("echo", 2, given);
    assert.equal(second.id, first.id);
    assert.equal((await t.completed(first.id)).output, 2);
  });

  check("option test (API client)", "marks the run", async (t) => {
    const { id } = await t.api.triggerTask("echo", { payload: 1, options: { test: true } });
    const run = await t.completed(id);
    assert.equal(run.isTest, true);
  });
}

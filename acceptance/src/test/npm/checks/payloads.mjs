import assert from "node:assert/strict";

const KB = 1024;
const SIZES = { "200 KB": 200 * KB, "2 MB": 2 * KB * KB };

/** An object whose JSON has about this many bytes. All its characters are ASCII. */
const big = (bytes, n) => ({ n, text: "0123456789abcdef".repeat(bytes / 16) });

/** Asserts equality without printing megabytes on failure. */
function same(actual, expected, what) {
  assert.ok(JSON.stringify(actual) === JSON.stringify(expected), `the ${what} differs`);
}

export default function (check) {
  for (const [name, bytes] of Object.entries(SIZES)) {
    check(`payload of ${name}`, "comes back as payload and as output", async (t) => {
      const payload = big(bytes, 0);
      const run = await t.completed(await t.sdk.tasks.trigger("echo", payload));
      same(run.payload, payload, "payload");
      same(run.output, payload, "output");
    });

    check(`batch of three payloads of ${name}`, "comes back in order", async (t) => {
      const payloads = [0, 1, 2].map((n) => big(bytes, n));
      const items = payloads.map((payload) => ({ payload }));
      const runs = await t.runsOf(await t.sdk.tasks.batchTrigger("echo", items), 3);
      for (const [n, id] of runs.entries()) {
        const run = await t.completed(id);
        same(run.payload, payloads[n], "payload");
        same(run.output, payloads[n], "output");
      }
    });
  }

  check("payload of 200 KB", "as plain text comes back", async (t) => {
    const text = "ä€😀".repeat(23_000);
    const run = await t.completed(await t.sdk.tasks.trigger("echo", text));
    same(run.payload, text, "payload");
  });
}

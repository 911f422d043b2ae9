// Serves the lines of PeerProcess in a child process, until standard input closes.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const TEXT = "x".repeat(72);
const AWAIT_MILLIS_MAX = 180_000;

let handled = 0;
let latencies = [];

// A clock that all processes of the machine share, in nanoseconds, as text.
const now = () => process.hrtime.bigint().toString();

export const payloads = (size) =>
  Array.from({ length: size }, (_, i) => ({ number: 100_000 + i, text: TEXT }));

export const databaseUrl = process.env.PEER_DATABASE_URL;

// What handlers call: a job that does nothing was handled.
export function one() {
  handled++;
}

// What handlers call: a job was handled that was triggered at this time.
export function since(begun) {
  latencies.push(process.hrtime.bigint() - BigInt(begun));
  handled++;
}

const answers = {
  async store(queue, callers, batches, size) {
    const batch = payloads(size);
    const nanos = [];
    let next = 0;
    const begun = process.hrtime.bigint();
    const caller = async () => {
      while (next++ < batches) {
        const called = process.hrtime.bigint();
        await queue.store(batch);
        nanos.push(process.hrtime.bigint() - called);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return `stored ${process.hrtime.bigint() - begun} ${nanos.join(",")}`;
  },

  async trigger(queue, count, gapMillis) {
    for (let i = 0; i < count; i++) {
      await queue.trigger(now());
      await sleep(gapMillis);
    }
    return "triggered";
  },

  async start(queue, inFlight) {
    handled = 0;
    latencies = [];
    await queue.start(inFlight);
    return "started";
  },

  async handled(queue, count) {
    const begun = Date.now();
    while (handled < count) {
      if (Date.now() - begun > AWAIT_MILLIS_MAX) {
        throw new Error(`Only ${handled} of ${count} jobs were handled`);
      }
      await sleep(1);
    }
    return "handled";
  },

  async latencies() {
    return `latencies ${latencies.join(",")}`;
  },

  async stop(queue) {
    await queue.stop();
    return "stopped";
  },
};

// Serves a queue. Its package names the version that is measured.
export async function serve(queue, name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  console.log(`up ${JSON.parse(readFileSync(file, "utf8")).version} on Node ${process.version}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, ...numbers] = line.split(" ");
    console.log(await answers[command](queue, ...numbers.map(Number)));
  }
  process.exit(0);
}

// Runs the checks of one published SDK version against a server and prints a line of JSON for each:
//
//   TRIGGER_API_URL=… TRIGGER_SECRET_KEY=… node run.mjs 4.8.3 [part of a function's name]
//
// The worker of the server executes the demo tasks and "narrow": like "slow", in a queue with a
// concurrency limit of 1. With FANFARE_REQUESTS=1, the lines of passed checks also contain requests
// and responses.
import { createRequire } from "node:module";
import { Context, Absent } from "./context.mjs";
import { recording, summary } from "./requests.mjs";

const GROUPS = [
  "trigger",
  "batch",
  "read",
  "list",
  "control",
  "options",
  "tokens",
  "payloads",
  "errors",
];
const AT_ONCE = 4;
const SECONDS = 20;

const [version, only = ""] = process.argv.slice(2);
console.log = console.info = console.debug = console.error; // stdout contains only the results

const entry = `sdk-${version}/v3`;
const sdk = await import(entry);
const require = createRequire(import.meta.url);
const core = createRequire(require.resolve(entry))("@trigger.dev/core/v3");
const workers = createRequire(require.resolve(entry))("@trigger.dev/core/v3/workers");

const checks = [];
const define = (name, title, body, options = {}) =>
  checks.push({ order: checks.length, function: name, check: title, body, ...options });
for (const group of GROUPS) {
  (await import(`./checks/${group}.mjs`)).default(define);
}

async function run(check) {
  const context = new Context({ sdk, core, workers, version });
  const started = Date.now();
  const { error, requests } = await recording(async (requests) => {
    context.requests = requests;
    let timer;
    const late = new Promise((_, reject) => {
      const seconds = check.seconds ?? SECONDS;
      timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000);
    });
    try {
      await Promise.race([check.body(context), late]);
    } finally {
      clearTimeout(timer);
    }
  });
  const result = error === undefined ? "pass" : error instanceof Absent ? "absent" : "fail";
  const line = {
    version,
    order: check.order,
    function: check.function,
    check: check.check,
    result,
    reason: error === undefined ? "" : reason(error),
    milliseconds: Date.now() - started,
  };
  if (result === "fail" || process.env.FANFARE_REQUESTS) {
    line.requests = requests.map(summary);
  }
  process.stdout.write(JSON.stringify(line) + "\n");
}

/** The error and its causes on one line. */
function reason(error) {
  if (error instanceof Absent) {
    return error.message;
  }
  const lines = [];
  for (let e = error; e && lines.length < 4; e = e.cause) {
    const name = e.name && e.name !== "Error" ? `${e.name}: ` : "";
    lines.push(name + String(e.message ?? e).replace(/\s+/g, " ").slice(0, 600));
  }
  return lines.join(" <- ");
}

async function runAll(some) {
  const waiting = [...some];
  const lane = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      await run(check);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

process.on("unhandledRejection", (e) => console.error("Nobody waited for:", e));
const chosen = checks.filter((check) => check.function.includes(only));
await runAll(chosen.filter((check) => !check.alone));
// Checks that change the global state of the client run one at a time, after the others.
for (const check of chosen.filter((check) => check.alone)) {
  await run(check);
}
process.exit(0);

// graphile-worker as the producer and the worker of a benchmark.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { databaseUrl, one, serve, since } from "./lines.mjs";

// From the benchmark in its documentation.
const LOCAL_QUEUE = 500;
const COMPLETE_DELAY_MILLIS = 0;

const logger = new Logger(() => (level, message) => {
  if (level === "error" || level === "warning") {
    console.error(`graphile-worker: ${message}`);
  }
});

const utils = await makeWorkerUtils({ connectionString: databaseUrl, logger });
await utils.migrate();

let runner;

const queue = {
  store(batch) {
    return utils.addJobs(batch.map((payload) => ({ identifier: "nothing", payload })));
  },

  trigger(begun) {
    return utils.addJob("since", { begun });
  },

  async start(inFlight) {
    runner = await run({
      connectionString: databaseUrl,
      logger,
      noHandleSignals: true,
      taskList: {
        nothing: () => one(),
        since: ({ begun }) => since(begun),
      },
      parsedCronItems: [],
      preset: {
        worker: {
          concurrentJobs: inFlight,
          maxPoolSize: inFlight + 2, // recommended; with a local queue, it opens only a few
          localQueue: { size: Math.max(LOCAL_QUEUE, inFlight + 1) },
          completeJobBatchDelay: COMPLETE_DELAY_MILLIS,
          failJobBatchDelay: COMPLETE_DELAY_MILLIS,
        },
      },
    });
  },

  async stop() {
    await runner?.stop();
    runner = undefined;
  },
};

await serve(queue, "graphile-worker");

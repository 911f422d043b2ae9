// pg-boss as the producer and the worker of a benchmark.
import { PgBoss } from "pg-boss";
import { databaseUrl, one, serve, since } from "./lines.mjs";

async function open(options) {
  const boss = new PgBoss({ connectionString: databaseUrl, ...options });
  boss.on("error", (error) => console.error(`pg-boss: ${error.message}`));
  boss.on("warning", (warning) => console.error(`pg-boss: ${warning.message}`));
  await boss.start();
  return boss;
}

// The worker has an instance of its own, which also does the maintenance.
const producer = await open({ supervise: false, schedule: false });
for (const name of ["nothing", "since"]) {
  await producer.createQueue(name, { notify: true, warningQueueSize: 1_000_000 });
}

// Workers with a connection each fetch, and complete what they fetched, beside each other.
const WORKERS = 4;

let worker;

const queue = {
  store(batch) {
    return producer.insert(
      "nothing",
      batch.map((data) => ({ data })),
    );
  },

  trigger(begun) {
    return producer.send("since", { begun });
  },

  async start(inFlight) {
    worker = await open({ useListenNotify: true });
    const options = {
      localConcurrency: WORKERS,
      batchSize: Math.ceil(inFlight / WORKERS),
      burstWhenBatchFull: true,
    };
    await worker.work("nothing", options, async (jobs) => jobs.forEach(one));
    await worker.work("since", options, async (jobs) =>
      jobs.forEach((job) => since(job.data.begun)),
    );
  },

  async stop() {
    await worker?.stop();
    worker = undefined;
  },
};

await serve(queue, "pg-boss");

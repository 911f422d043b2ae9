import { batch, configure, runs, tasks } from "@trigger.dev/sdk";

configure({
  baseURL: process.env.FANFARE_URL, // http://127.0.0.1:3030
  accessToken: process.env.FANFARE_SECRET_KEY, // tr_dev_…
});

const emails = Array.from({ length: 1_000 }, (_, n) => `user-${n}@example.com`);
const handle = await tasks.batchTrigger(
  "send-email",
  emails.map((to) => ({ payload: { to }, options: { tags: [`user:${to}`] } })),
);
console.log(`${handle.batchId} has ${handle.runCount} runs`);

while ((await batch.retrieve(handle.batchId)).status !== "COMPLETED") {
  await new Promise((resolve) => setTimeout(resolve, 200));
}

let completed = 0;
for await (const run of runs.list({ batch: handle.batchId, limit: 100 })) {
  completed += run.status === "COMPLETED" ? 1 : 0;
}
console.log(`${completed} are COMPLETED`);

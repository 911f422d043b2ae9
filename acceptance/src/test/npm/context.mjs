// What every check is given: the SDK under test, and a few words to say things with.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

/** Thrown by a check whose function the version does not have. */
export class Absent extends Error {}

/** No second try: for calls that are meant to fail. */
export const ONCE = { retry: { maxAttempts: 1, minTimeoutInMs: 1, maxTimeoutInMs: 1 } };

export class Context {
  requests = [];

  constructor(given) {
    Object.assign(this, given);
  }

  /** The API client that the SDK itself uses. */
  get api() {
    return this.core.apiClientManager.clientOrThrow();
  }

  /** Whether the version is this one or later. */
  since(version) {
    const numbers = (text) => text.split(".").map(Number);
    const [mine, other] = [numbers(this.version), numbers(version)];
    const i = mine.findIndex((n, at) => n !== other[at]);
    return i < 0 || mine[i] > other[i];
  }

  /** The function, when this version has it. */
  offered(value) {
    if (value === undefined) {
      throw new Absent("not offered by this version");
    }
    return value;
  }

  /** Ends the check as absent unless some request carried this. */
  sentOrAbsent(text) {
    if (!this.requests.some((r) => r.body.includes(text) || r.path.includes(text))) {
      throw new Absent("not offered by this version");
    }
  }

  unique(name) {
    return `${name}-${randomUUID().slice(0, 8)}`;
  }

  /** The run when it is final. */
  ended(run) {
    return this.sdk.runs.poll(run, { pollIntervalMs: 100 });
  }

  async completed(run) {
    const ended = await this.ended(run);
    assert.equal(ended.status, "COMPLETED");
    return ended;
  }

  /** Asks until the answer satisfies; the check's time limit ends it. */
  async until(ask, satisfies) {
    for (;;) {
      const answer = await ask();
      if (satisfies(answer)) {
        return answer;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The ids of the batch's runs in order, when there are as many. */
  async runsOf(handle, count) {
    if (handle.runs) {
      return handle.runs.map((run) => run.id); // before 4.0 only the handle tells
    }
    const batch = await this.until(
      () => this.sdk.batch.retrieve(handle.batchId),
      (batch) => batch.runs.length === count,
    );
    return batch.runs;
  }

  batchCompleted({ batchId }) {
    return this.until(
      () => this.sdk.batch.retrieve(batchId),
      (batch) => batch.status === "COMPLETED",
    );
  }

  /** A queue as this version names it. */
  queue(name) {
    return this.since("4.0.0") ? name : { name };
  }

  /**
   * Runs the body as if inside of a task's run, as code of a worker does. Of the metadata that it
   * starts with, the SDK keeps a copy: what is not there it does not ask to delete.
   */
  async inside(runId, body, metadata = {}) {
    const { taskContext, runMetadata } = this.core;
    const manager = new this.workers.StandardMetadataManager(this.api, this.api.baseUrl);
    manager.enterWithMetadata(metadata);
    manager.runId = runId;
    const ctx = {
      run: { id: runId, tags: [], isTest: false },
      task: { id: "echo" },
      attempt: { id: "attempt_1", number: 1 },
      queue: {},
      environment: {},
      organization: {},
      project: {},
      machine: {},
    };
    const leave = () => {
      const globals = globalThis[Symbol.for("dev.trigger.ts.api")] ?? {};
      delete globals["task-context"];
      delete globals["run-metadata"];
    };
    leave();
    runMetadata.setGlobalManager(manager);
    taskContext.setGlobalTaskContext({ ctx, worker: { id: "worker_1", version: "1" } });
    try {
      await body();
    } finally {
      leave();
    }
  }
}

/** Waits for the error of a call that must fail. */
export async function failure(call) {
  try {
    await call;
  } catch (e) {
    return e;
  }
  throw new assert.AssertionError({ message: "the call succeeded" });
}

/** Asserts which of the SDK's classes the error is. */
export function isA(error, type, status) {
  if (!(error instanceof type)) {
    throw new assert.AssertionError({
      message: `expected ${type.name}, got ${error.constructor.name}: ${error.message}`,
    });
  }
  assert.equal(error.status, status);
}

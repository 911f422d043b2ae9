// The context of a check: the SDK under test, and helper functions.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

/** Thrown by a check if the version does not have its function. */
export class Absent extends Error {}

/** Request options without retries, for calls that must fail. */
export const ONCE = { retry: { maxAttempts: 1, minTimeoutInMs: 1, maxTimeoutInMs: 1 } };

export class Context {
  requests = [];

  constructor(given) {
    Object.assign(this, given);
  }

  /** The API client that the SDK uses internally. */
  get api() {
    return this.core.apiClientManager.clientOrThrow();
  }

  /** Whether the SDK has this version or a later one. */
  since(version) {
    const numbers = (text) => text.split(".").map(Number);
    const [mine, other] = [numbers(this.version), numbers(version)];
    const i = mine.findIndex((n, at) => n !== other[at]);
    return i < 0 || mine[i] > other[i];
  }

  /** Returns the function; ends the check as absent if this version does not have it. */
  offered(value) {
    if (value === undefined) {
      throw new Absent("not offered by this version");
    }
    return value;
  }

  /** Ends the check as absent unless a request contained this text. */
  sentOrAbsent(text) {
    if (!this.requests.some((r) => r.body.includes(text) || r.path.includes(text))) {
      throw new Absent("not offered by this version");
    }
  }

  unique(name) {
    return `${name}-${randomUUID().slice(0, 8)}`;
  }

  /** Waits until the run is final. */
  ended(run) {
    return this.sdk.runs.poll(run, { pollIntervalMs: 100 });
  }

  async completed(run) {
    const ended = await this.ended(run);
    assert.equal(ended.status, "COMPLETED");
    return ended;
  }

  /** Polls until the result satisfies the condition, or the time limit of the check ends it. */
  async until(ask, satisfies) {
    for (;;) {
      const answer = await ask();
      if (satisfies(answer)) {
        return answer;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Waits until the batch has this many runs, and returns their ids in order. */
  async runsOf(handle, count) {
    if (handle.runs) {
      return handle.runs.map((run) => run.id); // before 4.0, only the handle lists them
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

  /** The queue option in the form that this version expects. */
  queue(name) {
    return this.since("4.0.0") ? name : { name };
  }

  /**
   * Executes the body in the context of a run, like the code of a task. The SDK keeps a copy of the
   * initial metadata, and sends deletions only of keys that the copy contains.
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

// Every check here changes the credentials of the client, so no other check runs at the same time.
import assert from "node:assert/strict";
import { failure, isA, ONCE } from "../context.mjs";

/** Makes a call with this token instead of the secret key. */
const as = (t, accessToken, call) =>
  t.sdk.auth.withAuth({ accessToken, baseURL: process.env.TRIGGER_API_URL }, call);

/**
 * Triggers a batch of "echo" with a token for that task only. Ends the check as absent if this
 * version announces batches without their tasks: then such a token must be refused.
 */
async function batchOrAbsent(t, items) {
  try {
    return await t.sdk.tasks.batchTrigger("echo", items);
  } catch (error) {
    const announced = t.requests.find((r) => r.path.endsWith("/v3/batches"));
    if (announced && !announced.body.includes("taskIdentifiers")) {
      isA(error.cause ?? error, t.sdk.PermissionDeniedError, 403);
      t.offered(undefined);
    }
    throw error;
  }
}

export default function (define) {
  const check = (name, title, body) => define(name, title, body, { alone: true });

  check("auth.createPublicToken", "allows what its scopes name", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1, { tags: ["public"] });
    const scopes = { read: { runs: [id] } };
    const token = await t.sdk.auth.createPublicToken({ scopes, expirationTime: "5m" });
    const run = await as(t, token, () => t.sdk.runs.retrieve(id));
    assert.equal(run.id, id);
  });

  check("auth.createPublicToken", "allows reading by tag", async (t) => {
    const tag = t.unique("public");
    const { id } = await t.sdk.tasks.trigger("echo", 1, { tags: [tag] });
    const token = await t.sdk.auth.createPublicToken({ scopes: { read: { tags: tag } } });
    assert.equal((await as(t, token, () => t.sdk.runs.retrieve(id))).id, id);
  });

  check("auth.createPublicToken", "denies what its scopes do not name", async (t) => {
    const mine = await t.sdk.tasks.trigger("echo", 1);
    const other = await t.sdk.tasks.trigger("echo", 2);
    const scopes = { read: { runs: [mine.id] } };
    const token = await t.sdk.auth.createPublicToken({ scopes });
    await as(t, token, async () => {
      const { PermissionDeniedError } = t.sdk;
      isA(await failure(t.sdk.runs.retrieve(other.id, ONCE)), PermissionDeniedError, 403);
      isA(await failure(t.sdk.tasks.trigger("echo", 1, {}, ONCE)), PermissionDeniedError, 403);
    });
  });

  check("auth.createPublicToken", "makes tokens that expire", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1);
    const expirationTime = new Date(Date.now() - 60_000);
    const scopes = { read: { runs: true } };
    const token = await t.sdk.auth.createPublicToken({ scopes, expirationTime });
    const error = await as(t, token, () => failure(t.sdk.runs.retrieve(id, ONCE)));
    isA(error, t.sdk.AuthenticationError, 401);
  });

  check("auth.createTriggerPublicToken", "triggers its task, once", async (t) => {
    const token = await t.sdk.auth.createTriggerPublicToken("echo");
    await as(t, token, async () => {
      const { PermissionDeniedError, UnprocessableEntityError } = t.sdk;
      isA(await failure(t.sdk.tasks.trigger("slow", {}, {}, ONCE)), PermissionDeniedError, 403);
      assert.match((await t.sdk.tasks.trigger("echo", 1)).id, /^run_/);
      isA(await failure(t.sdk.tasks.trigger("echo", 2, {}, ONCE)), UnprocessableEntityError, 422);
    });
  });

  check("auth.createTriggerPublicToken", "for more than once, triggers again", async (t) => {
    const token = await t.sdk.auth.createTriggerPublicToken("echo", { multipleUse: true });
    await as(t, token, async () => {
      const first = await t.sdk.tasks.trigger("echo", 1);
      assert.notEqual((await t.sdk.tasks.trigger("echo", 2)).id, first.id);
    });
  });

  check("auth.createBatchTriggerPublicToken", "triggers batches of its task", async (t) => {
    const options = { multipleUse: true };
    const token = await t.sdk.auth.createBatchTriggerPublicToken("echo", options);
    const items = [{ payload: 1 }, { payload: 2 }];
    await as(t, token, async () => {
      assert.match((await batchOrAbsent(t, items)).batchId, /^batch_/);
      const denied = await failure(t.sdk.tasks.batchTrigger("slow", items, {}, ONCE));
      const cause = denied.cause ?? denied;
      isA(cause, t.sdk.PermissionDeniedError, 403);
    });
  });

  check("auth.createBatchTriggerPublicToken", "triggers one batch by itself", async (t) => {
    const token = await t.sdk.auth.createBatchTriggerPublicToken("echo");
    const items = [{ payload: 1 }, { payload: 2 }];
    await as(t, token, async () => {
      assert.match((await batchOrAbsent(t, items)).batchId, /^batch_/);
      const denied = await failure(t.sdk.tasks.batchTrigger("echo", items, {}, ONCE));
      isA(denied.cause ?? denied, t.sdk.UnprocessableEntityError, 422);
    });
  });

  check("auth.withPublicToken", "reads inside of the callback", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1);
    const seen = [];
    await t.sdk.auth.withPublicToken({ scopes: { read: { runs: [id] } } }, async () => {
      seen.push((await t.sdk.runs.retrieve(id)).id);
    });
    assert.deepEqual(seen, [id]);
  });

  check("publicAccessToken of a trigger", "reads its run and no other", async (t) => {
    const mine = await t.sdk.tasks.trigger("echo", 1);
    const other = await t.sdk.tasks.trigger("echo", 2);
    await as(t, mine.publicAccessToken, async () => {
      assert.equal((await t.sdk.runs.retrieve(mine.id)).id, mine.id);
      isA(await failure(t.sdk.runs.retrieve(other.id, ONCE)), t.sdk.PermissionDeniedError, 403);
    });
  });

  check("publicAccessToken of a batch", "reads the batch", async (t) => {
    const handle = await t.sdk.tasks.batchTrigger("echo", [{ payload: 1 }]);
    const batch = await as(t, handle.publicAccessToken, () =>
      t.sdk.batch.retrieve(handle.batchId),
    );
    assert.equal(batch.id, handle.batchId);
  });

  check("auth.configure", "takes the server and the key", async (t) => {
    const { TRIGGER_API_URL, TRIGGER_SECRET_KEY } = process.env;
    delete process.env.TRIGGER_API_URL;
    delete process.env.TRIGGER_SECRET_KEY;
    try {
      t.sdk.auth.configure({ baseURL: `${TRIGGER_API_URL}/`, accessToken: TRIGGER_SECRET_KEY });
      assert.match((await t.sdk.tasks.trigger("echo", 1)).id, /^run_/);
    } finally {
      Object.assign(process.env, { TRIGGER_API_URL, TRIGGER_SECRET_KEY });
    }
  });

  check("AuthenticationError", "is thrown for a key nobody made", async (t) => {
    await as(t, "tr_dev_000000000000000000000000", async () => {
      const { AuthenticationError } = t.sdk;
      isA(await failure(t.sdk.tasks.trigger("echo", 1, {}, ONCE)), AuthenticationError, 401);
      isA(await failure(t.sdk.runs.retrieve("run_none", ONCE)), AuthenticationError, 401);
    });
  });

  check("PermissionDeniedError", "is thrown to a token without the scope", async (t) => {
    const { id, publicAccessToken } = await t.sdk.tasks.trigger("echo", 1);
    await as(t, publicAccessToken, async () => {
      const { PermissionDeniedError } = t.sdk;
      isA(await failure(t.sdk.tasks.trigger("echo", 1, {}, ONCE)), PermissionDeniedError, 403);
      isA(await failure(t.sdk.runs.list({}, ONCE)), PermissionDeniedError, 403);
      assert.equal((await t.sdk.runs.retrieve(id)).id, id);
    });
  });

  check("RateLimitError", "is thrown to a token that asks too often", async (t) => {
    const { id } = await t.sdk.tasks.trigger("echo", 1);
    const token = await t.sdk.auth.createPublicToken({ scopes: { read: { runs: [id] } } });
    await as(t, token, async () => {
      for (let n = 0; n < 100; n++) {
        const error = await t.sdk.runs.retrieve(id, ONCE).then(
          () => undefined,
          (e) => e,
        );
        if (error) {
          isA(error, t.sdk.RateLimitError, 429);
          const reset = Number(error.headers["x-ratelimit-reset"]);
          assert.ok(reset > Date.now() - 1000 && reset < Date.now() + 600_000, `${reset}`);
          return;
        }
      }
      assert.fail("100 requests of one token were answered");
    });
  });
}

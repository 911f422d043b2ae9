/**
 * Tests of the published TypeScript SDKs, unmodified, with a real server and the demo worker.
 *
 * <p>Open {@link dev.fanfare.acceptance.clients.TypeScriptClientsTest} first, then {@code
 * src/test/npm/run.mjs}: the checks are written in JavaScript, like the SDKs. {@link
 * dev.fanfare.acceptance.clients.NotBuilt} lists what the server does not support yet. The results
 * are the table in {@code docs/compatibility.md}.
 */
package dev.fanfare.acceptance.clients;

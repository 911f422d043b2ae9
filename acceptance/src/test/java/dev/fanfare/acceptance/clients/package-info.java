/**
 * The published TypeScript SDKs, unchanged, against a real server with the demo worker.
 *
 * <p>Open {@link dev.fanfare.acceptance.clients.TypeScriptClientsTest} first, then {@code
 * src/test/npm/run.mjs}: the checks are JavaScript, as what they check is. {@link
 * dev.fanfare.acceptance.clients.NotBuilt} lists what the server does not do yet, and {@code
 * docs/compatibility.md} is the table that comes out.
 */
package dev.fanfare.acceptance.clients;

// Records every request that goes through fetch, for the check that made it.
import { AsyncLocalStorage } from "node:async_hooks";

const SHOWN = 400;
const NOISE = new Set(["authorization", "content-type", "trigger-version", "user-agent"]);
const current = new AsyncLocalStorage();
const send = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const requests = current.getStore();
  if (!requests) {
    return send(input, init);
  }
  const url = new URL(typeof input === "string" ? input : (input.url ?? input.href));
  const request = {
    method: init?.method ?? "GET",
    path: url.pathname + decodeURIComponent(url.search),
    headers: Object.fromEntries(new Headers(init?.headers)),
    body: typeof init?.body === "string" ? init.body : init?.body ? "(a stream)" : "",
  };
  requests.push(request);
  try {
    const response = await send(input, init);
    request.status = response.status;
    request.answer = await response.clone().text();
    return response;
  } catch (e) {
    request.answer = `no answer: ${e.cause?.message ?? e.message}`;
    throw e;
  }
};

/** Executes the body; returns its error, if any, and the requests that it made. */
export async function recording(body) {
  const requests = [];
  try {
    await current.run(requests, () => body(requests));
    return { requests };
  } catch (error) {
    return { error, requests };
  }
}

const short = (text) =>
  text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text;

/** A request and its response on one line, without the headers that every request has. */
export function summary(request) {
  const headers = Object.entries(request.headers)
    .filter(([name]) => !NOISE.has(name))
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
  const body = request.body ? ` ${short(request.body)}` : "";
  const status = request.status ?? "";
  return `${request.method} ${request.path} [${headers}]${body} -> ${status} ${short(request.answer ?? "")}`;
}

// Calls the API, by way of the server that this page comes from, and that server's own answers.

/** An answer that is no success. `param` is the field at fault, `after` the seconds until a retry. */
export class Refusal extends Error {
  constructor(status, body, after) {
    const error = body?.error ?? { message: `The answer (${status}) is not Easel's.` };
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.param = error.param;
    this.after = after;
    this.execution = body?.execution_arn ?? null;
  }
}

async function call(path, { method = "GET", body, headers = {}, signal } = {}) {
  let answer;
  try {
    answer = await fetch(`web/${path}`, { method, body, headers, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const message = "This page's server does not answer. Is it still running?";
    throw new Refusal(0, { error: { message, code: "unreachable" } });
  }
  const said = await answer.json().catch(() => null);
  if (answer.ok && said) return said;
  const after = answer.headers.get("retry-after");
  throw new Refusal(answer.status, said, after === null ? null : Number(after));
}

const post = (path, request, key, signal) =>
  call(path, {
    method: "POST",
    body: JSON.stringify(request),
    headers: { "content-type": "application/json", "idempotency-key": key },
    signal,
  });

export const postTo = (route, request, key, signal) => post(`api${route}`, request, key, signal);
export const show = (id) => call(`api/images/${encodeURIComponent(id)}`);
export const list = (query) => call(`api/images?${new URLSearchParams(query)}`);
export const openapi = () => call("api/openapi.json");

export const config = () => call("config");
export const trace = (execution, since) =>
  call(`trace?${new URLSearchParams({ execution, ...(since && { since }) })}`);
export const running = (key) => call(`running?${new URLSearchParams({ key })}`);
export const recipeIn = (file) => call("recipe", { method: "POST", body: file });
export const faults = () => call("faults");
export const setFaults = (plan) =>
  call("faults", { method: "PUT", body: JSON.stringify({ faults: plan }) });

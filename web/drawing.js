// Sends a request, and after a time-out the same one again until its picture is there.

import { postTo, Refusal } from "./api.js";
import { updates } from "./trace.js";

const LONGEST_LOOK_SECONDS = 600;
const LOOK_AGAIN_SECONDS = 5;

// A page that is left or reloaded keeps its request, to go on when it comes back.
const PENDING = "easel.pending";
let leaving = false;
addEventListener("beforeunload", () => (leaving = true));
addEventListener("pageshow", () => (leaving = false));

export const pending = () => JSON.parse(sessionStorage.getItem(PENDING) ?? "null");

/**
 * Returns the answer of a POST. The same seed and key find the picture of a request that took
 * longer than its caller could wait, and pay for it once. `waits(seconds, why)` is told of each
 * wait before the request is sent again. Throws Refusal, or AbortError where `signal` ended it.
 */
export async function drawn({ route, request, key }, waits, signal) {
  const until = Date.now() + 1000 * LONGEST_LOOK_SECONDS;
  sessionStorage.setItem(PENDING, JSON.stringify({ route, request, key }));
  let coming = false;
  try {
    for (;;) {
      try {
        return await postTo(route, request, key, signal);
      } catch (error) {
        if (!(error instanceof Refusal) || Date.now() > until) throw error;
        const isTimeout = error.status === 504;
        if (isTimeout && !(await mayStillCome(error, signal))) throw error;
        coming ||= isTimeout || error.code === "being_drawn";
        const after = error.after ?? (isTimeout ? LOOK_AGAIN_SECONDS : null);
        if (!coming || after === null) throw error;
        await waits(after, error);
      }
    }
  } finally {
    if (!leaving) sessionStorage.removeItem(PENDING);
  }
}

/**
 * Returns whether a time-out's picture is still being drawn, so that asking for it pays nothing
 * more: API Gateway gave up, or Step Functions ended the wait for Generate. A model that gave up by
 * itself is not asked again without a person's word.
 */
async function mayStillCome(error, signal) {
  if (error.execution === null) return true;
  try {
    let attempts = [];
    for await (const { states } of updates(error.execution, null, signal)) {
      attempts = states.flatMap((state) => state.attempts);
    }
    return attempts.some((attempt) => /^(States\.Timeout|TimedOut)$/.test(attempt.error ?? ""));
  } catch {
    return false;
  }
}

/** Waits, and tells each second how many are left. */
export async function countDown(seconds, tell, signal) {
  for (let left = Math.ceil(seconds); left > 0; left -= 1) {
    tell(left);
    await new Promise((done, failed) => {
      const timer = setTimeout(done, 1000);
      signal?.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          failed(new DOMException("stopped", "AbortError"));
        },
        { once: true },
      );
    });
  }
}

// Trials: pools on history, programs at a moment of it; how far each is, and its end.

import { ask, part, Problem, send } from "front/board/client.js";
import { button, empty, progress } from "front/board/parts.js";
import { tell } from "front/board/problems.js";
import { el } from "front/elements.js";

const AGAIN_MS = 400;
const open = ({ status }) => status === "PENDING" || status === "RUNNING";
const later = () => new Promise((done) => setTimeout(done, AGAIN_MS));

/**
 * Begins a trial and resolves to what it answers, null where it was ended; `place` shows how far it is meanwhile.
 *
 * Whoever leaves the page ends it.
 */
export async function tried(path, body, at, place) {
  const shown = progress("as many as may be are made before it");
  const ways = el("span", {});
  place.replaceChildren(el("div", { class: "controls trial" }, shown.node, ways));
  shown.show({ status: "RUNNING", failure: "its candles are read" });
  let trial = null;
  const end = () => send("POST", `trials/${part(trial.id)}/cancel`);
  at.onLeave(() => trial !== null && open(trial) && end().catch(tell));
  try {
    trial = await ask(path, { method: "POST", body, signal: at.signal });
    if (open(trial)) ways.replaceChildren(button("Cancel", end, { kind: "quiet" }));
    while (open(trial)) {
      const reads = trial.status === "RUNNING" && trial.progress.total === null;
      shown.show({ ...trial, ...trial.progress, failure: reads && "its candles are read" });
      await later();
      trial = await ask(`trials/${part(trial.id)}`, { signal: at.signal });
    }
  } catch (error) {
    place.replaceChildren();
    throw error;
  }
  if (trial.status === "FAILED") {
    place.replaceChildren();
    throw new Problem(trial.failure, {});
  }
  place.replaceChildren(...(trial.status === "CANCELLED" ? [empty("It was ended before it was through.")] : []));
  return trial.result;
}

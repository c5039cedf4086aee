// Recommendations: what speaks for a change of a system, and what is decided on it.

import { ask, part, send } from "front/board/client.js";
import { field, select } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { button, card, empty, facts, head, link, opened, when } from "front/board/parts.js";
import { tell } from "front/board/problems.js";
import { hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { flat } from "front/run_facts.js";
import { minute, number, perCent, plus } from "front/words.js";

const PATH = "backtest/recommendations";
const TONES = {
  accepted: "good",
  applied: "good",
  rejected: "bad",
  open: "accent",
  proposed: "accent",
  pending: "accent",
};
const DONE = {
  accept: "Write the version of the system that it asks for; the system itself stays as it is.",
  reject: "Say no to it; what it was is kept.",
  apply: "Say that the version which was written is in use.",
};

export async function recommendationsPage(at) {
  const systems = await ask("systems", { signal: at.signal });
  const list = el("div", { id: "recommendations" });
  const said = el("span", { class: "note", role: "status", id: "came-of-it" });
  const load = async () => {
    const told = await ask(PATH, { query: { page_size: 100 }, signal: at.signal });
    const none = empty(
      "There is none yet. ",
      link("#/optimise", "Search"),
      " for parameters of a system first; then let what was found be looked through above.",
    );
    list.replaceChildren(...(told.items.length > 0 ? told.items.map((one) => recommendationCard(one, load)) : [none]));
  };
  const soon = atMost(() => load().catch(tell), 500);
  const ended = (job) => {
    if (job.kind === "recommend") said.replaceChildren(cameOf(job));
    soon();
  };
  at.onLeave(listen(["jobs"], { ended }, soon));
  await load();
  const system = select([["", "all systems"], ...systems.map((one) => [one.id, one.id])], { "aria-label": "System" });
  const confirm = el("input", { type: "number", min: 0, max: 100, value: 5, id: "confirm" });
  const confirmed = el("label", { class: "tick" }, "making the runs that are lacking for up to", confirm, "claims");
  const make = button(
    "Look for recommendations",
    async () => {
      const job = await send("POST", PATH, { system: system.value || null, confirm: Number(confirm.value) });
      said.replaceChildren(
        "A worker looks through studies and runs: ",
        link(hashOf(["jobs", job.job ?? job.id]), "its job"),
      );
    },
    { kind: "main", id: "recommend" },
  );
  return {
    name: "Recommendations",
    head: head("Recommendations", "what speaks for a change"),
    parts: [card(null, el("div", { class: "controls" }, system, confirmed, make, said)), list],
  };
}

function cameOf({ id, status, outcome, failure }) {
  if (status !== "COMPLETED") return `${failure ?? status.toLowerCase()}`;
  const { tested, untested, recommendations } = outcome;
  const stand = recommendations.length;
  const words = `${tested} claims were tested, ${stand} stand, ${untested} lack runs: `;
  return el("span", {}, words, link(hashOf(["jobs", id]), "how it went"));
}

function recommendationCard(one, load) {
  const { expected_change: change } = one;
  const daily = (value) => (value === null ? "n/a" : plus(perCent(100 * value, 4), value));
  const expected =
    change.mean === null
      ? "not measured"
      : `${daily(change.mean)} of equity a day, between ${daily(change.low)} and ${daily(change.high)} (${perCent(100 * change.level, 0)} sure)`;
  const changes = Object.entries(one.recommended).map(([key, value]) =>
    el("div", { class: "code" }, `${key}: ${JSON.stringify(one.current[key] ?? null)} → ${JSON.stringify(value)}`),
  );
  const evidence = el("div", {});
  const details = el(
    "details",
    { ontoggle: () => details.open && showEvidence(one.id, evidence) },
    el("summary", {}, "All evidence"),
    evidence,
  );
  return el(
    "section",
    { class: "card recommendation", "data-id": one.id },
    el(
      "h2",
      {},
      `${one.system ?? "any system"}: ${(one.kind ?? "").replaceAll("_", " ")} `,
      badge(one.status, TONES[one.status] ?? ""),
    ),
    el("p", {}, one.because ?? ""),
    facts([
      ["Change", changes],
      ["Expected", expected],
      ["Sure of it", one.confidence === null ? null : perCent(100 * one.confidence, 1)],
      ["By its own evidence", one.probability === null ? null : perCent(100 * one.probability, 1)],
      ["Made", when(one.created)],
      ["Decided", one.decided && when(one.decided)],
      ["Note", one.note],
      ["Version written", one.version && link(hashOf(["systems", one.version]), one.version)],
      [
        "Outcome",
        one.outcome && flat(one.outcome).map(([name, text]) => el("div", { class: "code" }, `${name} ${text}`)),
      ],
    ]),
    details,
    el("div", { class: "controls" }, waysOn(one, load)),
  );
}

async function showEvidence(id, place) {
  if (place.childElementCount > 0) return;
  try {
    const told = await ask(`${PATH}/${part(String(id))}`);
    const rows = flat(told.evidence).map(plainly);
    place.replaceChildren(rows.length > 0 ? facts(rows, { code: true }) : empty("It says no more."));
  } catch (error) {
    tell(error);
  }
}

// A value as people read it: times as such, figures without what no evidence can carry, texts without their quotes.
function plainly([name, text]) {
  const value = Number(text);
  if (/_ms$/.test(name) && value) return [name.slice(0, -3), minute(value)];
  if (/\.\d{7,}/.test(text) && !Number.isNaN(value)) return [name, String(Number(value.toPrecision(5)))];
  return [name, text.replace(/^"(.*)"$/, "$1")];
}

// What is done next follows from the status; what cannot be is refused by the server in words.
function waysOn(one, load) {
  const decide = (verb, said, kind = "") =>
    button(
      said,
      async () => {
        const note = await noted(`${said} recommendation ${one.id}?`, DONE[verb], said);
        if (note === false) return;
        await send("POST", `${PATH}/${one.id}/${verb}`, { note: note.text || null });
        await load();
      },
      { kind, "data-verb": verb },
    );
  const review = button(
    "Review",
    async () => {
      const job = await send("POST", `${PATH}/${one.id}/review`, {});
      location.hash = hashOf(["jobs", job.job ?? job.id]);
    },
    { title: "Run the system with it and without it on what has come since" },
  );
  const decided = ["accepted", "applied", "rejected"].includes(one.status);
  return [
    !decided && decide("accept", "Accept", "main"),
    !decided && decide("reject", "Reject", "danger"),
    one.status === "accepted" && decide("apply", "Apply", "main"),
    ["accepted", "applied"].includes(one.status) && review,
    one.version && link(hashOf(["run"], { system: one.version }), "Run the version"),
    one.version && link(hashOf(["live"], { system: one.version }), "Rehearse the version"),
  ].filter(Boolean);
}

function noted(question, explained, yes) {
  const note = el("textarea", { rows: 2, maxlength: 500 });
  return opened((close) => [
    el("h2", {}, question),
    el("p", {}, explained),
    field("Why", note, "Kept with the decision."),
    el(
      "div",
      { class: "controls" },
      el("button", { type: "button", onclick: () => close(false) }, "Not now"),
      el("button", { type: "button", class: "main", onclick: () => close({ text: note.value.trim() }) }, yes),
    ),
  ]);
}

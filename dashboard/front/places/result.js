// One run: the page of its report, and what was decided on any of its candles.

import { address, ask, part, send } from "front/board/client.js";
import { atMost } from "front/board/pace.js";
import { button, card, empty, facts, head, link, progress, statusOf, when } from "front/board/parts.js";
import { tell } from "front/board/problems.js";
import { go, hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { badge, partLinks } from "front/page_frame.js";
import { decidedPart } from "front/places/decided.js";
import { playBack } from "front/places/playback.js";
import { removed, said } from "front/places/results.js";
import { runHead, runPage } from "front/run_page.js";

const OPEN = ["PENDING", "RUNNING"];

export async function resultPage(at) {
  const [id] = at.words;
  const told = await ask(`backtest/results/${part(id)}`, { query: { points: 0, trades_size: 0 }, signal: at.signal });
  if (told.backtest_id === told.id) return pendingPage(told, at);
  const page = await ask(`backtest/results/${part(told.id)}/page`, { signal: at.signal });
  const [run] = page.runs;
  const decided = decidedPart(run, at);
  const { parts, ready } = runPage(run, decided);
  const shown = parts.filter(Boolean);
  return {
    name: told.name,
    head: el("div", { class: "head" }, runHead(run), el("div", { class: "controls" }, ways(told))),
    parts: [notes(told), partLinks(shown), ...shown],
    ready,
  };
}

function ways(told) {
  const again = () => dispatchEvent(new Event("hashchange"));
  return [
    told.kind === "backtest" && button("Play back", () => playBack({ run: told.id })),
    button("Name, tags, note", () => said([told]).then((done) => done && again())),
    el(
      "a",
      { class: "button", href: address(`backtest/results/${part(told.id)}/report`), download: "" },
      "Report as a file",
    ),
    button("Remove", () => removed([told]).then((done) => done && go(["results"])), { kind: "danger" }),
  ];
}

function notes({ name, stored_as: folder, tags, note, created }) {
  const about = [name, folder !== name && folder, created && `made ${when(created)} UTC`].filter(Boolean).join(", ");
  return el(
    "p",
    { class: "note", id: "notes" },
    `${about} `,
    tags.map((one) => badge(one)),
    note && el("q", {}, note),
  );
}

// What is no run yet, or has become none.
function pendingPage(told, at) {
  const shown = progress();
  const state = el("span", {}, statusOf(told.status));
  const job = told.id.slice(1);
  const show = (one) => {
    state.replaceChildren(statusOf(one.status));
    shown.show(one);
  };
  show({ ...told, ...told.progress });
  if (OPEN.includes(told.status)) {
    const again = atMost(() => dispatchEvent(new Event("hashchange")), 50);
    at.onLeave(listen([`job:${job}`], { progress: show, ended: again }, again));
  }
  const cancel = button("Cancel", () => send("DELETE", `backtest/results/${part(told.id)}`).catch(tell));
  const asked = facts([
    ["Asked for", when(told.created)],
    ["Symbols", told.symbols.join(", ")],
    ["From", told.start],
    ["To", told.end],
    ["Request", el("code", {}, JSON.stringify(told.request))],
  ]);
  const next = told.status === "FAILED" && empty("Mend what is said above, and ", link("#/run", "run it again"), ".");
  return {
    name: told.name,
    head: head(told.name, told.id, state),
    parts: [
      card(
        null,
        shown.node,
        next,
        el(
          "div",
          { class: "controls" },
          link(hashOf(["jobs", job]), "Log of the job"),
          OPEN.includes(told.status) && cancel,
        ),
      ),
      card("What was asked for", asked),
    ],
  };
}

// Systems: what each is, where in its life it stands, on what evidence, and its promotion.

import { ask, part, send } from "front/board/client.js";
import { button, card, confirmed, empty, facts, head, link, plainTable, when } from "front/board/parts.js";
import { hashOf } from "front/board/routes.js";
import { el } from "front/elements.js";
import { badge, warningsPart } from "front/page_frame.js";
import { flat, settings } from "front/run_facts.js";
import { number } from "front/words.js";

const EPOCHS = ["backtest", "demo", "live"];

export async function systemsPage(at) {
  const systems = await ask("systems", { signal: at.signal });
  const columns = [
    {
      head: "System",
      cell: (one) => [link(hashOf(["systems", one.id]), one.id), el("div", { class: "note" }, one.description)],
    },
    { head: "Life", cell: (one) => (one.problem ? badge("cannot be read", "warning") : badge(one.epoch, "accent")) },
    { head: "Strategy", cell: (one) => one.strategy ?? "–" },
    { head: "Market", cell: (one) => (one.exchange ? `${one.exchange}, ${one.timeframe}` : "–") },
    { head: "Symbols", cell: (one) => one.symbols.join(", ") },
    { head: "Windows", cell: (one) => Object.keys(one.windows).join(", ") },
    { head: "Tags", cell: (one) => one.tags.map((tag) => badge(tag)) },
  ];
  const none =
    "There is no system yet. A system is a file in the folder of systems (config/systems): a configuration " +
    "with a name, windows of time and criteria of its promotion; docs/systems.md shows one.";
  return {
    name: "Systems",
    head: head("Systems", "what is run, and how far it has come"),
    parts: [card(null, systems.length > 0 ? plainTable(columns, systems, { id: "systems" }) : empty(none))],
  };
}

export async function systemPage(at) {
  const [id] = at.words;
  const system = await ask(`systems/${part(id)}`, { signal: at.signal });
  const ledger = system.ledger ?? { criteria: [], evidence: [] };
  return {
    name: id,
    head: head(id, system.description, badge(system.epoch, "accent")),
    parts: [
      system.problem && warningsPart([system.problem], "It cannot be read"),
      card("Life", life(system), promotion(system, ledger)),
      card("Windows", windows(system)),
      card("Evidence", evidence(ledger)),
      card("What it is", identity(system)),
      system.settings && card("Settings", settings(system)),
    ],
  };
}

function life({ epoch }) {
  const at = EPOCHS.indexOf(epoch);
  const steps = EPOCHS.map((one, place) =>
    el("li", { class: place < at ? "past" : "", "aria-current": place === at ? "step" : null }, one),
  );
  return el("ol", { class: "life" }, steps);
}

function promotion(system, ledger) {
  const said = el("p", { role: "status" });
  if (!ledger.next_epoch) return el("p", {}, "There is nothing further to be promoted to.");
  const columns = [
    { head: `For ${ledger.next_epoch}`, cell: (one) => el("code", {}, one.criterion) },
    { head: "Holds", cell: (one) => (one.holds ? badge("holds", "good") : badge("does not hold", "warning")) },
    {
      head: "Value",
      figure: true,
      cell: (one) => (typeof one.value === "number" ? number(one.value, 4) : String(one.value ?? "–")),
    },
    { head: "Why", cell: (one) => [one.source, one.reason].filter(Boolean).join(": ") },
  ];
  const promote = button(
    `Promote to ${ledger.next_epoch}`,
    async () => {
      const sure = await confirmed(
        `Promote ${system.id} to ${ledger.next_epoch}?`,
        "It is judged on its evidence once more, and its promotion is recorded.",
        "Promote",
      );
      if (!sure) return;
      const told = await send("POST", `systems/${part(system.id)}/promote`, {});
      said.textContent = told.promoted
        ? `Promoted: it is ${told.next_epoch} now.`
        : `Not promoted: ${told.promotion_reason}`;
      if (told.promoted) dispatchEvent(new Event("hashchange"));
    },
    { kind: "main", disabled: !ledger.passed, title: ledger.passed ? null : "Every criterion must hold" },
  );
  return [
    plainTable(columns, ledger.criteria, { none: "Its file names no criteria for that." }),
    el("div", { class: "controls" }, promote),
    said,
  ];
}

function windows({ id, windows: spans }) {
  const rows = Object.entries(spans);
  const columns = [
    { head: "Window", cell: ([name]) => name },
    { head: "In its file", cell: ([, one]) => el("code", {}, one.text ?? String(one)) },
    { head: "As it is now (UTC)", cell: ([, one]) => one.problem ?? `${when(one.start)} – ${when(one.end)}` },
    { head: "", cell: ([name, one]) => !one.problem && link(hashOf(["run"], { system: id, window: name }), "run it") },
  ];
  return plainTable(columns, rows, { none: "It has no window: add one to its file, and it can be run on it." });
}

function evidence({ evidence: runs }) {
  const shown = runs.map((one) => flat(one).filter(([, value]) => value !== "null"));
  const none = "No run of this version of it counts yet: run it on one of its windows.";
  if (runs.length === 0) return empty(none);
  return shown.map((rows, place) =>
    el(
      "details",
      { open: place === 0 },
      el("summary", {}, String(runs[place].window ?? runs[place].run_id ?? `run ${place + 1}`)),
      facts(rows, { code: true }),
    ),
  );
}

const identity = (system) =>
  facts([
    ["Strategy", system.strategy],
    ["Exchange", system.exchange],
    ["Symbols", system.symbols.join(", ")],
    ["Candles", system.timeframe],
    ["Tags", system.tags.join(", ")],
    ["Id of this version", el("span", { class: "code" }, system.system_uid ?? "")],
    ["Promotion", system.promotion && flat(system.promotion).map(([name, text]) => el("div", {}, `${name}: ${text}`))],
  ]);

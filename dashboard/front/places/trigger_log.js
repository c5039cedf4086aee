// The trigger log of a run of a program: what woke it, what it decided, what came of it.

import { ask, part } from "front/board/client.js";
import { card, pages, plainTable, when } from "front/board/parts.js";
import { guarded } from "front/board/problems.js";
import { metText } from "front/places/pools.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { count, number, price, tone } from "front/words.js";

const SIZE = 25;

const SHOWN = { acted: "Did something", problems: "Problems", held: "Held", all: "All" };
const NONE = {
  acted: "No call did anything.",
  problems: "No call had a problem.",
  held: "No call held.",
  all: "Nothing has woken it in this time.",
};
// Whoever opens a log looks for what was done; where nothing was, for what went wrong.
const first = ({ acted, problems }) => (acted > 0 ? "acted" : problems > 0 ? "problems" : "all");

/** Returns { node, load(run, show, page) } of the log of a run; `kept` hears what is shown. */
export function triggerLog(at, kept, ...beside) {
  const [place, ways] = [el("div", { id: "triggers" }), el("div", { class: "controls" }, ...beside)];
  const node = card("Trigger log", ways, place);
  node.hidden = true;
  const asked = (run, show, page, size = SIZE) =>
    ask(`backtest/results/${part(run)}/triggers`, { query: { show, page, page_size: size }, signal: at.signal });
  const load = async (run, show, page = 1) => {
    const chosen = Object.hasOwn(SHOWN, show ?? "") ? show : first((await asked(run, "all", 1, 1)).shown);
    const told = await asked(run, chosen, page);
    const turned = guarded((to) => load(run, chosen, to));
    place.replaceChildren(
      el("p", { class: "note", role: "status" }, summary(told)),
      showing(told, chosen, (other) => load(run, other)),
      logTable(told.items, NONE[told.shown.all > 0 ? chosen : "all"]),
      pages(told, ["call", "calls"], turned),
    );
    node.hidden = false;
    kept({ run, show: chosen, page: page > 1 ? page : "" });
    return told;
  };
  return { node, load };
}

function showing({ shown }, chosen, show) {
  const choice = ([name, said]) =>
    el(
      "label",
      { class: "tick" },
      el("input", {
        type: "radio",
        name: "show",
        value: name,
        checked: name === chosen,
        onchange: guarded(() => show(name)),
      }),
      `${said} (${count(shown[name])})`,
    );
  return el(
    "div",
    { class: "controls", role: "radiogroup", "aria-label": "Which calls are shown" },
    Object.entries(SHOWN).map(choice),
  );
}

const summary = ({ signals, scheduled, decisions, problems, halted }) =>
  [
    `${count(signals)} by pools, ${count(scheduled)} by the schedule`,
    ...Object.entries(decisions).map(([action, number]) => `${count(number)} ${action}`),
    problems > 0 && `${count(problems)} with a problem`,
    halted && "halted: it is not called any more",
  ]
    .filter(Boolean)
    .join(", ");

function logTable(rows, none) {
  const columns = [
    { head: "#", figure: true, cell: (one) => count(one.number) },
    { head: "Time (UTC)", cell: (one) => when(one.time) },
    { head: "Symbol", cell: (one) => one.symbol },
    { head: "Woken by", cell: wokenBy },
    { head: "Decided", cell: decided },
    {
      head: "What came of it",
      cell: (one) => [one.outcome, one.outcome_reason && el("div", { class: "note" }, one.outcome_reason)],
    },
    { head: "Entry", figure: true, cell: (one) => (one.entry_price === null ? "–" : price(one.entry_price)) },
    { head: "Exit", figure: true, cell: (one) => (one.exit_price === null ? "–" : price(one.exit_price)) },
    {
      head: "Profit",
      figure: true,
      tone: (one) => tone(one.profit_loss),
      cell: (one) => (one.profit_loss === null ? "–" : number(one.profit_loss, 2)),
    },
  ];
  return plainTable(columns, rows, { id: "trigger-log", none });
}

/** What single calls answered, each with what it read. */
export function triedTable(calls) {
  const read = ({ name, arguments: given }) => `${name}(${given.map((one) => JSON.stringify(one)).join(", ")})`;
  const columns = [
    { head: "Time (UTC)", cell: (one) => when(one.time) },
    { head: "Symbol", cell: (one) => one.symbol },
    { head: "Woken by", cell: (one) => one.pool || "the schedule" },
    { head: "Read", cell: (one) => one.reads.map((each) => el("div", { class: "code" }, read(each))) },
    {
      head: "Decided",
      cell: (one) => [decided({ halted: false, ...one }), one.decision && el("div", { class: "code" }, said(one))],
    },
  ];
  return plainTable(columns, calls, { id: "tried-calls" });
}

function said({ decision, symbol, decided_symbol: other }) {
  const { action, reason, targets, ...rest } = decision;
  const told = Object.entries(rest).filter(([, value]) => value !== null);
  if (action === "hold") return "";
  if (targets.length > 0) told.push(["targets", targets.map(([part, at]) => `${part} at ${price(at)}`).join(", ")]);
  if (other !== symbol) told.push(["of", other]);
  return told.map(([name, value]) => `${name.replace("_", " ")} ${value}`).join(", ");
}

const wokenBy = ({ trigger, symbol }) =>
  trigger.type === "scheduled"
    ? "the schedule"
    : [trigger.pool, (trigger.met ?? []).map((met) => el("div", { class: "note code" }, metText(met, symbol)))];

const placed = ({ line, text }) => `${line ? `line ${line}: ` : ""}${text}`;

const decided = ({ decision, problem, halted, printed }) => [
  problem
    ? [badge(problem.kind, "warning"), el("div", { class: "note" }, placed(problem))]
    : [el("b", {}, decision.action), decision.reason && el("div", { class: "note" }, decision.reason)],
  halted && badge("halted", "warning"),
  printed.map((line) => el("div", { class: "note code" }, line)),
];

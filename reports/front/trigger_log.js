// The calls of a program: what woke it, what it decided, what came of that; filtered, shown a page at a time. Those that
// held are counted, and shown when they are asked for.

import { unpackNumbers, unpackTimes, unpackWords } from "front/columns.js";
import { choice, el } from "front/elements.js";
import { table } from "front/figures.js";
import { count, minute, moneyOf, plus, tone } from "front/words.js";

const PAGE = 50;
const DID = "did something";
const WORDS = ["symbol", "pool", "regime", "woken", "decided", "outcome", "told", "printed"];

export function unpackTriggers(packed) {
  const words = Object.fromEntries(WORDS.map((name) => [name, unpackWords(packed[name])]));
  const times = unpackTimes(packed.time_ms);
  const results = unpackNumbers(packed.pnl);
  return times.map((time_ms, row) => ({
    time_ms,
    number: packed.number[row],
    pnl: results[row],
    ...Object.fromEntries(WORDS.map((name) => [name, words[name][row]])),
  }));
}

/** Returns the parts of the log. */
export function triggerLog(run) {
  const packed = run.triggers;
  const rows = unpackTriggers(packed);
  const money = moneyOf(run);
  const state = { words: "", symbol: "", pool: "", outcome: first(rows), shown: PAGE };
  let kept = rows;
  const body = el("tbody", {});
  const said = el("p", { class: "note", "aria-live": "polite" });
  const more = el("button", { type: "button", class: "quiet", onclick: () => fill(4 * PAGE) }, "Show more");
  const fill = (further = 0) => {
    state.shown += further;
    body.replaceChildren(...kept.slice(0, state.shown).map((row) => callRow(row, money)));
    more.hidden = kept.length <= state.shown;
  };
  const choose = (changes = {}) => {
    Object.assign(state, changes, { shown: PAGE });
    kept = rows.filter((row) => matches(row, state));
    const left = packed.calls - packed.rows;
    const held = state.outcome === DID ? packed.outcomes.reduce((sum, row) => sum + (row[1] === "held" ? row[2] : 0), 0) : 0;
    said.textContent = [
      `${count(kept.length)} of ${count(packed.calls)} calls`,
      held > 0 && `${count(held)} that held are not shown`,
      left > 0 && `${count(left)} are left out here`,
    ]
      .filter(Boolean)
      .join("; ");
    fill();
  };
  const heads = ["#", "Time (UTC)", "Symbol", "Woken by", "Decided", "Outcome"].map((text) =>
    el("th", { scope: "col" }, text),
  );
  heads.push(
    el("th", { scope: "col", class: "figure", title: "Of the position that it opened or closed, net of costs" }, "Result"),
  );
  choose();
  return [
    packed.halted && el("p", { class: "lead" }, "The program was halted: ", el("b", {}, packed.halted), "."),
    outcomes(packed),
    filters(rows, choose),
    said,
    el("div", { class: "scroll" }, el("table", { id: "trigger-log" }, el("thead", {}, el("tr", {}, heads)), body)),
    more,
  ].filter(Boolean);
}

// What is shown first: what did something, where there is any.
function first(rows) {
  return rows.some((row) => row.outcome !== "held") ? DID : "";
}

// How often each pool, or the schedule, woke it, by what came of it.
function outcomes(packed) {
  const names = [...new Set(packed.outcomes.map(([, outcome]) => outcome))];
  const pools = [...new Set(packed.outcomes.map(([pool]) => pool))];
  const many = (pool, outcome) => packed.outcomes.find(([one, other]) => one === pool && other === outcome)?.[2] ?? 0;
  const rows = pools.map((pool) => {
    const all = names.reduce((sum, outcome) => sum + many(pool, outcome), 0);
    return [pool, count(all), ...names.map((outcome) => count(many(pool, outcome)))];
  });
  return table(["Woken by", "Calls", ...names], rows, { texts: 1 });
}

function filters(rows, choose) {
  const different = (name) => [...new Set(rows.map((row) => row[name]))].sort().map((one) => [one, one]);
  const pick = (name, text, before = []) =>
    choice(text, [...before, ["", text], ...different(name)], (value) => choose({ [name]: value }));
  const search = el("input", {
    type: "search",
    placeholder: "Filter: words of what woke it, was decided, came of it",
    "aria-label": "Filter calls",
    oninput: () => choose({ words: search.value }),
  });
  return el(
    "div",
    { class: "controls", id: "trigger-filters" },
    search,
    pick("symbol", "All symbols"),
    pick("pool", "All pools"),
    pick("outcome", "All outcomes", first(rows) ? [[DID, "What did something"]] : []),
  );
}

function callRow(row, money) {
  const result = row.pnl === null ? "" : plus(money(row.pnl, false), row.pnl);
  return el(
    "tr",
    { "data-number": row.number, title: row.printed || null },
    el("td", { class: "figure" }, count(row.number)),
    el("td", {}, minute(row.time_ms)),
    el("td", {}, row.symbol),
    el("td", { title: row.regime && `regime: ${row.regime}` }, row.woken),
    el("td", {}, row.decided),
    el("td", { class: row.outcome === "problem" ? "loss" : "" }, row.told),
    el("td", { class: `figure ${tone(row.pnl)}` }, result),
  );
}

function matches(row, state) {
  if (["symbol", "pool"].some((name) => state[name] && row[name] !== state[name])) return false;
  if (state.outcome === DID ? row.outcome === "held" : state.outcome && row.outcome !== state.outcome) return false;
  const text = `#${row.number} ${row.symbol} ${row.woken} ${row.decided} ${row.told} ${row.printed}`.toLowerCase();
  return state.words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

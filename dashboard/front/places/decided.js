// Why: what was decided on a candle, as values, gates and reasons; and the signals of what the chart shows.

import { ask, part } from "front/board/client.js";
import { settled } from "front/board/pace.js";
import { empty, facts, plainTable } from "front/board/parts.js";
import { tell } from "front/board/problems.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { count, label, minute, price } from "front/words.js";

const BEFORE = 60;
const MOST_SEEN = 20_000;
const AT_ONCE = 1_000;
// Of decisions; in a stretch that has more the later ones are left out, and that is said.
const MOST = 10_000;
const iso = (time) => new Date(time).toISOString();

/** Returns what the price chart tells of its trades, candles and view, with the part of the page that answers. */
export function decidedPart(run, at) {
  const box = el("div", { id: "decided", role: "status", "aria-live": "polite" });
  const note = el(
    "p",
    { class: "note", id: "signals" },
    "▲▼ signals; hollow ones were refused. Press a candle or a trade, and why is said here.",
  );
  const of = async (symbol, from, until) => {
    const found = [];
    let told;
    do {
      told = await ask(`backtest/results/${part(run.id)}/decisions`, {
        query: { symbol, time: iso(from), until: iso(until), most: AT_ONCE, offset: found.length },
        signal: at.signal,
      });
      found.push(...told);
    } while (told.length === AT_ONCE && found.length < MOST);
    return found;
  };
  const said = (...children) => box.replaceChildren(...children);
  const failing = (work) => work.catch(tell);
  // The chart may show candles longer than the run's own.
  const own = Object.values(run.candles)[0]?.own_length_ms ?? 0;
  const trade = (one) =>
    failing(
      of(one.symbol, one.entry_ms - BEFORE * own, one.exit_ms).then((found) => {
        const made = found.filter((each) => each.entry_order_id && Date.parse(each.time) <= one.entry_ms).slice(-1);
        const closed = found.filter(
          (each) => each.close_order_id && Date.parse(each.time) > Date.parse(made[0]?.time ?? 0),
        );
        const head = el("h3", {}, `Trade #${one.number}, ${one.symbol} ${one.side}`);
        if (made.length === 0) return said(head, empty("No signal of this trade is in the record of decisions."));
        const why = [
          `Closed ${minute(one.exit_ms)} by ${one.reason.replaceAll("_", " ")}`,
          one.tag && `tag ${one.tag}`,
        ];
        return said(
          head,
          ...made.map(decision),
          ...closed.slice(-1).map(decision),
          el("p", {}, why.filter(Boolean).join(", ")),
        );
      }),
    );
  const candle = (symbol, open, length) =>
    failing(
      of(symbol, open + 1, open + length).then((found) => {
        const head = el("h3", {}, `${symbol}, candle of ${minute(open)}`);
        const none = empty("Nothing was decided on this candle: the strategy had no signal.");
        return said(head, ...(found.length > 0 ? found.map(decision) : [none]));
      }),
    );
  let latest = 0;
  const seen = settled(async (symbol, from, until, mark) => {
    if ((until - from) / own > MOST_SEEN) {
      note.textContent = `▲▼ Signals are shown where at most ${count(MOST_SEEN)} candles are in view: look closer.`;
      return mark([]);
    }
    const asked = (latest += 1);
    const found = await failing(of(symbol, from, until));
    if (asked !== latest || !found) return null;
    const signals = found.filter((one) => one.signal);
    const refused = signals.filter((one) => one.reason);
    const cut = found.length < MOST ? "" : `up to ${minute(Date.parse(found.at(-1).time))}: look closer for the rest; `;
    note.textContent =
      `▲▼ ${count(signals.length)} signals in view, ${cut}${count(refused.length)} of them refused (hollow). ` +
      "Press a candle or a trade, and why is said here.";
    return mark(
      signals.map((one) => ({
        time: Date.parse(one.time),
        up: one.signal.direction === "LONG",
        refused: Boolean(one.reason),
      })),
    );
  });
  // The candles of a stretch that the page has joined only.
  const finer = (symbol, from, until, most) =>
    ask(`backtest/results/${part(run.id)}/candles`, {
      query: { symbol, start: iso(from), end: iso(until), most: String(most) },
      signal: at.signal,
    }).catch(tell);
  return { part: el("div", {}, note, box), trade, candle, seen, finer };
}

// A decision: what the strategy saw and wanted, and each gate it passed.
export function decision(one) {
  const { signal, gates = [], reason, time, event } = one;
  const outcome = reason
    ? badge(`refused: ${reason.replaceAll("_", " ")}`, "warning")
    : badge(
        one.entry_order_id
          ? `order ${one.entry_order_id}`
          : one.close_order_id
            ? `closes by order ${one.close_order_id}`
            : "taken",
        "good",
      );
  const wanted = signal && [el("b", {}, signal.direction), signal.reason && ` ${signal.reason.replaceAll("_", " ")}`];
  const distances = signal && [
    ["Stop, from the fill", price(signal.sl_distance)],
    ["Target, from the fill", price(signal.tp_distance)],
    ["Confidence", signal.confidence === undefined ? null : price(signal.confidence)],
  ];
  return el(
    "article",
    { class: "decision" },
    el("p", { class: "badges" }, badge(minute(Date.parse(time))), el("span", {}, wanted ?? label(event)), outcome),
    el(
      "div",
      { class: "plots" },
      signal && el("div", {}, el("h3", {}, "What it saw"), facts([...valuesOf(signal.inputs ?? {}), ...distances])),
      gates.length > 0 && el("div", {}, el("h3", {}, "Gates"), gatesTable(gates)),
    ),
  );
}

const shownValue = (value) => (typeof value === "number" ? price(value) : String(value));
const valuesOf = (inputs) => Object.entries(inputs).map(([name, value]) => [label(name), shownValue(value)]);

function gatesTable(gates) {
  const columns = [
    { head: "Gate", cell: (one) => label(one.gate) },
    { head: "Verdict", cell: (one) => badge(one.verdict, one.verdict === "approved" ? "good" : "warning") },
    {
      head: "On what",
      cell: (one) =>
        el(
          "span",
          { class: "values" },
          [one.reason?.replaceAll("_", " "), ...valuesOf(one.inputs ?? {}).map(([name, value]) => `${name} ${value}`)]
            .filter(Boolean)
            .join(" · "),
        ),
    },
  ];
  return plainTable(columns, gates);
}

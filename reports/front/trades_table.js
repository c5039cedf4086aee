// The table of trades: sorted by any column, filtered, shown a page at a time.

import { choice, el } from "front/elements.js";
import { count, day, duration, minute, moneyOf, number, perCent, plus, price, tone } from "front/words.js";

const PAGE = 50;

/** Returns the parts of the table; `show(trade)`, where there is one, is called for a row that is pressed. */
export function tradesTable(run, trades, show) {
  if (trades.length === 0) return [el("p", { class: "empty" }, "No position was closed.")];
  const money = moneyOf(run);
  const columns = tableColumns(trades, money);
  const state = { sort: "number", down: false, words: "", symbol: "", side: "", reason: "", result: "", shown: PAGE };
  let kept = trades;
  const body = el("tbody", {});
  const said = el("p", { class: "note", "aria-live": "polite" });
  const more = button("Show more", () => fill(4 * PAGE));
  const fill = (further = 0) => {
    state.shown += further;
    body.replaceChildren(...kept.slice(0, state.shown).map((trade) => row(trade, columns, show)));
    more.hidden = kept.length <= state.shown;
  };
  const choose = (changes = {}) => {
    Object.assign(state, changes, { shown: PAGE });
    const found = trades.filter((trade) => matches(trade, state));
    kept = sorted(found, state);
    said.textContent = summary(kept, trades, money);
    markSorted(heads, columns, state);
    fill();
  };
  const heads = columns.map((column) => columnHead(column, state, choose));
  const controls = filters(trades, choose);
  controls.append(button("Save as CSV", () => save(run, kept)));
  choose();
  const table = el("table", { id: "trades-table" }, el("thead", {}, el("tr", {}, heads)), body);
  return [controls, said, el("div", { class: "scroll" }, table), more];
}

const button = (text, pressed) => el("button", { type: "button", class: "quiet", onclick: pressed }, text);

// Pressed once a column of figures begins with the greatest, one of words with the first; pressed again the other way.
function columnHead(column, state, choose) {
  const falling = () => (state.sort === column.name ? !state.down : !column.text && column.name !== "number");
  const pressed = () => choose({ down: falling(), sort: column.name });
  return el(
    "th",
    { scope: "col", class: column.text ? "" : "figure", title: column.title },
    el("button", { type: "button", onclick: pressed }, column.head),
  );
}

function markSorted(heads, columns, state) {
  heads.forEach((head, place) => {
    if (columns[place].name === state.sort) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
}

const RESULTS = [
  ["won", "Won"],
  ["lost", "Lost"],
  ["ambiguous", "Ambiguous"],
];

function filters(trades, choose) {
  const search = el("input", {
    type: "search",
    placeholder: "Filter: words of symbol, side, reason, tag",
    "aria-label": "Filter trades",
    oninput: () => choose({ words: search.value }),
  });
  const pick = (name, text, values) => choice(text, [["", text], ...values], (value) => choose({ [name]: value }));
  const different = (name) => [...new Set(trades.map((trade) => trade[name]))].sort().map((one) => [one, one]);
  return el(
    "div",
    { class: "controls", id: "trade-filters" },
    search,
    pick("symbol", "All symbols", different("symbol")),
    pick("side", "Both sides", different("side")),
    pick("reason", "All exits", different("reason")),
    pick("result", "Won and lost", RESULTS),
  );
}

function tableColumns(trades, money) {
  const plain = (value) => money(value, false);
  const some = (name) => trades.some((trade) => trade[name] !== null && trade[name] !== "" && trade[name] !== 0);
  return [
    { name: "number", head: "#", cell: (trade) => count(trade.number), title: "In order of exits" },
    { name: "symbol", head: "Symbol", text: true, cell: (trade) => trade.symbol },
    {
      name: "side",
      head: "Side",
      text: true,
      cell: (trade) => trade.side,
      tone: (trade) => (trade.side === "LONG" ? "accent" : "second"),
    },
    {
      name: "realized_pnl",
      head: "Result",
      cell: (trade) => plus(plain(trade.realized_pnl), trade.realized_pnl),
      tone: (trade) => tone(trade.realized_pnl),
      title: "Net of all costs",
    },
    some("r") && {
      name: "r",
      head: "R",
      cell: (trade) => plus(number(trade.r), trade.r),
      tone: (trade) => tone(trade.r),
      title: "Result over what the stop at the entry would have lost",
    },
    {
      name: "reason",
      head: "Exit",
      text: true,
      cell: (trade) => trade.reason.replaceAll("_", " ") + (trade.ambiguous ? " ⚠" : ""),
      title: "⚠: the candle held stop and target",
    },
    { name: "entry_ms", head: "Entry (UTC)", cell: (trade) => minute(trade.entry_ms) },
    { name: "exit_ms", head: "Exit (UTC)", cell: (trade) => minute(trade.exit_ms) },
    { name: "held_ms", head: "Held", cell: (trade) => duration(trade.held_ms) },
    { name: "entry_price", head: "In", cell: (trade) => price(trade.entry_price), title: "Average entry price" },
    { name: "exit_price", head: "Out", cell: (trade) => price(trade.exit_price), title: "Average exit price" },
    { name: "quantity", head: "Quantity", cell: (trade) => price(trade.quantity) },
    {
      name: "costs",
      head: "Costs",
      cell: (trade) => plain(trade.costs),
      title: "Commission, slippage, spread and funding",
    },
    some("mae") && { name: "mae", head: "MAE", cell: (trade) => plain(trade.mae), title: "Largest loss on the way" },
    some("mfe") && { name: "mfe", head: "MFE", cell: (trade) => plain(trade.mfe), title: "Largest profit on the way" },
    some("tag") && { name: "tag", head: "Tag", text: true, cell: (trade) => trade.tag },
  ].filter(Boolean);
}

function row(trade, columns, show) {
  const cells = columns.map((column) =>
    el("td", { class: `${column.text ? "" : "figure"} ${column.tone ? column.tone(trade) : ""}` }, column.cell(trade)),
  );
  const pressed = show && (() => show(trade));
  return el(
    "tr",
    {
      "data-number": trade.number,
      class: pressed ? "leads" : "",
      title: pressed ? "Show it in the price chart" : null,
      onclick: pressed,
    },
    cells,
  );
}

function matches(trade, state) {
  if (state.symbol && trade.symbol !== state.symbol) return false;
  if (state.side && trade.side !== state.side) return false;
  if (state.reason && trade.reason !== state.reason) return false;
  if (state.result === "won" && !(trade.realized_pnl > 0)) return false;
  if (state.result === "lost" && !(trade.realized_pnl < 0)) return false;
  if (state.result === "ambiguous" && !trade.ambiguous) return false;
  const text = `#${trade.number} ${trade.symbol} ${trade.side} ${trade.reason} ${trade.tag}`.toLowerCase();
  return state.words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function sorted(rows, { sort, down }) {
  const way = down ? -1 : 1;
  const missing = (value) => value === null || value === undefined;
  return [...rows].sort((one, other) => {
    const [a, b] = [one[sort], other[sort]];
    // What is undefined comes last, whichever way.
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    return a < b ? -way : a > b ? way : one.number - other.number;
  });
}

function summary(kept, trades, money) {
  const sum = kept.reduce((total, trade) => total + trade.realized_pnl, 0);
  const won = kept.filter((trade) => trade.realized_pnl > 0).length;
  const rate = kept.length ? `, ${perCent((100 * won) / kept.length, 1)} won` : "";
  return `${count(kept.length)} of ${count(trades.length)} trades: ${plus(money(sum), sum)}${rate}`;
}

// The trades that are shown, as a file; text that a spreadsheet would run as a formula is kept from it.
function save(run, trades) {
  const names = [
    "number",
    "symbol",
    "side",
    "entry_ms",
    "exit_ms",
    "entry_price",
    "exit_price",
    "quantity",
    "realized_pnl",
    "r",
    "commission",
    "slippage",
    "spread",
    "funding",
    "risk",
    "mae",
    "mfe",
    "reason",
    "tag",
    "ambiguous",
  ];
  const cell = (value) => {
    if (typeof value !== "string") return value ?? "";
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return `"${text.replaceAll('"', '""')}"`;
  };
  const lines = [names.join(","), ...trades.map((trade) => names.map((name) => cell(trade[name])).join(","))];
  const link = el("a", {
    href: URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" })),
    download: `trades_${day(run.start_ms)}_${run.id}.csv`,
  });
  link.click();
  URL.revokeObjectURL(link.href);
}

// The candles of one symbol with what was traded in them: entries, exits, stops and targets.

import { candleColumns, placeAt } from "front/candle_levels.js";
import { candleWindows } from "front/candle_windows.js";
import { above, unpackNumbers, unpackTimes, unpackWords } from "front/columns.js";
import { choice, el } from "front/elements.js";
import { faded } from "front/theme.js";
import { drawOver, showAll, timeChart } from "front/time_charts.js";
import { count, duration, minute, moneyOf, number, plus, price, tone } from "front/words.js";

const MOST_ZONES = 150;
const SHOWN_BARS = 220;

/**
 * Returns { parts, show }: the chart with its controls, and a function that leads to a trade.
 *
 * Who knows more than the page says so by `beside`: `trade(trade)` is told which one the chart leads to,
 * `candle(symbol, time_ms)` which candle was pressed, by its open, and `seen(symbol, from_ms, to_ms, mark)` what is in
 * view; `mark` takes what is drawn there as well: { time, up, refused }, each at the close of its candle.
 */
export function priceChart(run, trades, beside = null) {
  const symbols = Object.keys(run.candles);
  if (symbols.length === 0) {
    return {
      parts: [
        el(
          "p",
          { class: "empty" },
          "The candles of this run are not at hand; fetch or import them, and make the page again.",
        ),
      ],
      show: null,
    };
  }
  const levels = levelsBySymbol(run.levels);
  const busiest = symbols.reduce((best, one) =>
    ofSymbol(trades, one).length > ofSymbol(trades, best).length ? one : best,
  );
  const place = el("div", { class: "price" });
  const said = el("div", { class: "note" });
  let shown = null;
  const open = (symbol) => {
    shown?.close();
    shown = oneSymbol(run, symbol, ofSymbol(trades, symbol), levels.get(symbol) ?? [], beside);
    place.replaceChildren(shown.box);
    said.textContent = shown.note;
    chooser.value = symbol;
  };
  const chooser = choice(
    "Symbol",
    symbols.map((one) => [one, one]),
    open,
  );
  const button = (text, pressed) => el("button", { type: "button", class: "quiet", onclick: pressed }, text);
  const controls = el(
    "div",
    { class: "controls" },
    chooser,
    button("◀ trade", () => shown.step(-1)),
    button("trade ▶", () => shown.step(1)),
    button("All candles", () => shown.all()),
    said,
  );
  return {
    parts: [controls, place],
    open: () => open(busiest),
    show: (trade) => {
      if (!symbols.includes(trade.symbol)) return;
      open(trade.symbol);
      shown.lead(trade);
    },
  };
}

const ofSymbol = (trades, symbol) => trades.filter((trade) => trade.symbol === symbol);

function levelsBySymbol(packed) {
  const found = new Map();
  if (!packed) return found;
  const times = unpackTimes(packed.time_ms);
  const prices = unpackNumbers(packed.price);
  const targets = unpackNumbers(packed.target);
  unpackWords(packed.symbol).forEach((symbol, row) => {
    if (!found.has(symbol)) found.set(symbol, []);
    found.get(symbol).push({ time: times[row], price: prices[row], target: targets[row] === 1 });
  });
  return found;
}

function oneSymbol(run, symbol, trades, levels, beside) {
  const packed = run.candles[symbol];
  const columns = candleColumns(packed);
  const money = moneyOf(run);
  const marks = { found: [], rows: [] };
  const held = { candles: [], opens: [], placed: [], starts: [], length_ms: columns.length_ms };
  let chosen = null;
  const self = timeChart("price", {
    height: "tall",
    ariaLabel: `Candles of ${symbol} with entries, exits, stops and targets`,
    legend: (event) => (held.candles.length > 0 ? candleWords(event, held.candles, held.placed, money) : []),
  });
  const series = self.add("Candlestick", "candles", candleStyle(packed.decimals), [], columns.rows);
  const paintTrades = tradePainter(self, held, () => chosen);
  const painter = (context, place, from, to) => {
    paintTrades(context, place, from, to);
    const seen = marks.rows.filter((one) => from <= one.at && one.at <= to);
    paintMarks(context, place, seen, held.candles, self.paint);
  };
  const redraw = drawOver(self, series, painter, levelsInView(held));
  // What began before the first candle that the chart holds, or goes on after the last, stands there.
  const bar = (time) => Math.min(held.last, Math.floor(placeAt(held.opens, held.length_ms, time)));
  const placeMarks = () => {
    const [first, end] = [held.opens[0], held.opens.at(-1) + held.length_ms];
    const inside = marks.found.filter((one) => one.time > first && one.time <= end);
    marks.rows = inside.map((one) => ({ ...one, at: bar(one.time - 1) }));
  };
  const take = (candles, length_ms) => {
    const opens = candles.map((one) => one.time * 1000);
    const end = opens.at(-1) + length_ms;
    const whole = end > columns.time[columns.rows - 1];
    Object.assign(held, { candles, opens, length_ms, last: whole ? opens.length - 1 : Infinity });
    const all = placedTrades(trades, levels, bar);
    held.placed = all.filter(({ trade }) => trade.exit_ms > opens[0] && trade.entry_ms < end);
    held.starts = held.placed.map((one) => one.from);
    placeMarks();
    series.setData(candles);
    self.say(candleWords(null, candles, held.placed, money));
  };
  const finer = beside?.finer && ((...asked) => beside.finer(symbol, ...asked));
  const windows = candleWindows(self, columns, held, take, finer);
  const ordered = inOrder(trades);
  const lead = (trade) => {
    chosen = trade;
    const room = Math.max(25 * columns.length_ms, 2 * (trade.exit_ms - trade.entry_ms));
    windows.look(trade.entry_ms - room, trade.exit_ms + room);
    self.say([tradeWords(trade, money, true)]);
    redraw();
    beside?.trade(trade);
  };
  if (beside) {
    const mark = (found) => {
      marks.found = found;
      placeMarks();
      redraw();
    };
    tellBeside(self, symbol, held, mark, beside);
  }
  const bars = Math.min(SHOWN_BARS, Math.max(60, innerWidth / 6)) * columns.length_ms;
  const [first, last] = [columns.time[0], columns.time[columns.rows - 1] + columns.length_ms];
  // The end of the run; where nothing was traded there, the last trade.
  const end = Math.min(last + 2 * columns.length_ms, (ordered.at(-1)?.exit_ms ?? last) + 0.2 * bars);
  windows.look(Math.max(end - bars, first - 3 * columns.length_ms), end);
  return {
    box: self.box,
    note: chartNote(packed, columns.rows, trades.length),
    close: self.close,
    all: () => windows.look(first - 0.01 * (last - first), last + 0.01 * (last - first)),
    lead,
    step: (by) => {
      if (ordered.length === 0) return;
      const next = chosen === null ? (by > 0 ? 0 : ordered.length - 1) : ordered.indexOf(chosen) + by;
      lead(ordered[(next + ordered.length) % ordered.length]);
    },
  };
}

function tellBeside(self, symbol, held, mark, beside) {
  self.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
    if (range === null || held.opens.length === 0) return;
    const { opens } = held;
    const bar = (logical) => opens[Math.min(opens.length - 1, Math.max(0, Math.round(logical)))];
    beside.seen(symbol, bar(range.from), bar(range.to) + held.length_ms, mark);
  });
  self.chart.subscribeClick((at) => at.time !== undefined && beside.candle(symbol, at.time * 1000, held.length_ms));
}

export const candleStyle = (decimals) => (paint) => ({
  upColor: faded(paint.gain, 0.55),
  downColor: faded(paint.loss, 0.55),
  borderVisible: false,
  wickUpColor: faded(paint.gain, 0.7),
  wickDownColor: faded(paint.loss, 0.7),
  priceFormat: { type: "custom", formatter: (value) => number(value, decimals), minMove: 10 ** -decimals },
});

function chartNote(packed, candles, trades) {
  const joined = packed.length_ms > packed.own_length_ms ? `, joined from ${duration(packed.own_length_ms)}` : "";
  const traded = `${count(trades)} trade${trades === 1 ? "" : "s"}`;
  return `${count(candles)} candles of ${duration(packed.length_ms)}${joined}; ${traded}`;
}

// The candle under the crosshair, the last one where it is nowhere, and the trades that lived in it.
function candleWords(event, candles, placed, money) {
  const row = event === null ? candles.length - 1 : Math.min(Math.max(event.logical, 0), candles.length - 1);
  const one = candles[row];
  const prices = ["open", "high", "low", "close"].map((name) =>
    el("span", {}, el("b", {}, name[0].toUpperCase()), " ", price(one[name])),
  );
  const lived = event === null ? [] : placed.filter((trade) => trade.from <= row && row <= trade.to).slice(-2);
  const when = el("span", { class: "when" }, minute(one.time * 1000));
  return [when, ...prices, ...lived.map(({ trade }) => tradeWords(trade, money))];
}

function tradeWords(trade, money, long = false) {
  const r = trade.r === null ? "" : ` (${plus(number(trade.r), trade.r)} R)`;
  const times = long ? `${minute(trade.entry_ms)} to ${minute(trade.exit_ms)}, ` : "";
  return el(
    "span",
    {},
    el("b", {}, `#${trade.number} ${trade.side}`),
    ` ${times}${price(trade.entry_price)} → ${price(trade.exit_price)} ${trade.reason.replaceAll("_", " ")} `,
    el("span", { class: tone(trade.realized_pnl) }, plus(money(trade.realized_pnl), trade.realized_pnl) + r),
  );
}

// Trades by entry, with the candles in which they began and ended and the levels that stood meanwhile. A fill inside a
// candle bears the time of its end: the candle is the one before that time.
function placedTrades(trades, levels, bar) {
  let next = 0;
  return inOrder(trades).map((trade) => {
      while (next < levels.length && levels[next].time < trade.entry_ms) next++;
      const own = [];
      for (; next < levels.length; next++) {
        const level = levels[next];
        if (level.time >= trade.exit_ms && level.time > trade.entry_ms) break;
        own.push({ ...level, at: bar(level.time - trade.entry_inside) });
      }
      const from = bar(trade.entry_ms - trade.entry_inside);
      const to = Math.max(from, bar(trade.exit_ms - trade.exit_inside));
      return { trade, from, to, stops: own.filter((one) => !one.target), targets: own.filter((one) => one.target) };
    });
}

const inOrder = (trades) =>
  [...trades].sort((one, other) => one.entry_ms - other.entry_ms || one.number - other.number);

function inView({ placed, starts }, from, to) {
  const longest = placed.reduce((most, one) => Math.max(most, one.to - one.from), 0);
  return placed.slice(above(starts, from - longest - 1), above(starts, to)).filter((one) => one.to >= from);
}

// The lowest and the highest of the stops and the first targets in view, so that they are not cut off.
function levelsInView(held) {
  return (from, to) => {
    const seen = inView(held, from, to);
    if (seen.length === 0 || seen.length > MOST_ZONES) return null;
    const prices = seen.flatMap((one) => [...one.stops, ...one.targets.slice(0, 1)].map((level) => level.price));
    return prices.length === 0 ? null : [Math.min(...prices), Math.max(...prices)];
  };
}

function tradePainter(self, held, chosen) {
  return (context, place, from, to) => {
    const seen = inView(held, from, to);
    if (seen.length > MOST_ZONES) paintMany(context, place, seen, self.paint);
    for (const one of seen) {
      const strong = chosen() === one.trade;
      if (seen.length > MOST_ZONES && !strong) continue;
      paintZones(context, place, one, self.paint, strong);
      paintWay(context, place, one, self.paint, strong);
    }
  };
}

// Between the entry and the first target what was hoped for, between it and the first stop what was at risk; the levels
// themselves as they were moved.
function paintZones(context, place, { trade, from, to, stops, targets }, paint, strong) {
  for (const [levels, colour] of [
    [targets, paint.gain],
    [stops, paint.loss],
  ]) {
    if (levels.length === 0) continue;
    const [left, entry] = place(from - 0.5, trade.entry_price);
    const [right, level] = place(to + 0.5, levels[0].price);
    if (entry === null || level === null) continue;
    context.fillStyle = faded(colour, strong ? 0.22 : 0.1);
    context.fillRect(left, Math.min(entry, level), Math.max(2, right - left), Math.abs(level - entry));
    context.strokeStyle = colour;
    context.lineWidth = strong ? 1.5 : 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    // Several targets of a ladder stand side by side; a stop that moves goes in steps.
    const side = levels.length > 1 && levels.every((one) => one.time === levels[0].time);
    levels.forEach((one, row) => {
      const end = side || row === levels.length - 1 ? to + 0.5 : levels[row + 1].at;
      const [x0, y] = place(Math.max(one.at, from), one.price);
      const [x1] = place(end, one.price);
      if (y === null) return;
      if (row === 0 || side) context.moveTo(x0, y);
      else context.lineTo(x0, y);
      context.lineTo(x1, y);
    });
    context.stroke();
    context.setLineDash([]);
  }
}

// A signal stands beside its candle, below where it wanted to buy; one that was refused is hollow. Those that look the
// same are one path: thousands cost no more than a few.
function paintMarks(context, place, marks, candles, paint) {
  for (const up of [true, false]) {
    for (const refused of [true, false]) {
      const path = new Path2D();
      for (const one of marks) {
        if (one.up !== up || one.refused !== refused) continue;
        const [x, edge] = place(one.at, up ? candles[one.at].low : candles[one.at].high);
        if (edge === null) continue;
        const way = up ? 1 : -1;
        path.moveTo(x, edge + way * 10);
        path.lineTo(x - 4, edge + way * 17);
        path.lineTo(x + 4, edge + way * 17);
        path.closePath();
      }
      context.lineWidth = 1.5;
      context.strokeStyle = refused ? paint.warning : up ? paint.accent : paint.second;
      context.fillStyle = refused ? paint.panel : context.strokeStyle;
      context.fill(path);
      context.stroke(path);
    }
  }
}

// Where there are too many for zones: ways of one colour as one path, and so the arrows of one side.
function paintMany(context, place, seen, paint) {
  const paths = { gain: new Path2D(), loss: new Path2D(), accent: new Path2D(), second: new Path2D() };
  for (const { trade, from, to } of seen) {
    const [x0, y0] = place(from, trade.entry_price);
    const [x1, y1] = place(to, trade.exit_price);
    if (y0 === null || y1 === null) continue;
    const line = trade.realized_pnl > 0 ? paths.gain : paths.loss;
    line.moveTo(x0, y0);
    line.lineTo(x1, y1);
    const long = trade.side === "LONG";
    const arrow = long ? paths.accent : paths.second;
    const tip = y0 + (long ? 9 : -9);
    arrow.moveTo(x0, y0);
    arrow.lineTo(x0 - 4, tip);
    arrow.lineTo(x0 + 4, tip);
    arrow.closePath();
  }
  context.lineWidth = 1.25;
  for (const name of ["gain", "loss"]) {
    context.strokeStyle = paint[name];
    context.stroke(paths[name]);
  }
  for (const name of ["accent", "second"]) {
    context.fillStyle = paint[name];
    context.fill(paths[name]);
  }
}

// An arrow where a trade begins, a line to where it ends, and a ring there.
function paintWay(context, place, { trade, from, to }, paint, strong) {
  const colour = trade.realized_pnl > 0 ? paint.gain : paint.loss;
  const [x0, y0] = place(from, trade.entry_price);
  const [x1, y1] = place(to, trade.exit_price);
  if (y0 === null || y1 === null) return;
  context.strokeStyle = colour;
  context.lineWidth = strong ? 2 : 1.25;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  const way = trade.side === "LONG" ? 1 : -1;
  const size = strong ? 8 : 6;
  context.fillStyle = trade.side === "LONG" ? paint.accent : paint.second;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x0 - size * 0.75, y0 + way * size * 1.5);
  context.lineTo(x0 + size * 0.75, y0 + way * size * 1.5);
  context.fill();
  context.fillStyle = paint.panel;
  context.beginPath();
  context.arc(x1, y1, size / 2, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

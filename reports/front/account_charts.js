// The account over time: equity with its trades, how far below its peak, and what was open.

import { above, unpackNumbers, unpackTimes } from "front/columns.js";
import { el } from "front/elements.js";
import { faded } from "front/theme.js";
import { bind, drawOver, LineStyle, LineType, points, showAll, timeChart } from "front/time_charts.js";
import { count, minute, moneyOf, perCent, plus, tone } from "front/words.js";

const entry = (name, text, kind = "") => el("span", {}, el("b", {}, name), " ", el("span", { class: kind }, text));

/** Returns { parts, fit }: the charts with their controls, and what shows the whole run in them. */
export function accountCharts(run, trades) {
  const account = unpacked(run);
  if (account.times.length === 0) return { parts: [el("p", { class: "empty" }, "There was no step.")], fit: () => {} };
  const marks = { shown: true };
  const equity = equityChart(run, trades, account, marks);
  const charts = [equity.chart, underwaterChart(account), exposureChart(account)];
  bind(charts);
  const controls = el(
    "div",
    { class: "controls" },
    tick("Trades", true, (on) => {
      marks.shown = on;
      equity.redraw();
    }),
    equity.hold && tick("Buy and hold", false, (on) => equity.hold.applyOptions({ visible: on })),
    el("button", { type: "button", class: "quiet", onclick: () => showAll(equity.chart) }, "Whole run"),
    el(
      "span",
      { class: "note" },
      `${count(run.curve.points)} points of equity, ${count(account.times.length)} drawn, extremes kept`,
    ),
  );
  return { parts: [controls, ...charts.map((one) => one.box)], fit: () => charts.forEach(showAll) };
}

function unpacked(run) {
  const { curve } = run;
  const times = unpackTimes(curve.time_ms);
  return {
    times,
    equity: unpackNumbers(curve.equity),
    held: curve.held ? unpackNumbers(curve.held) : null,
    underwater: unpackNumbers(curve.underwater_pct),
    long: unpackNumbers(curve.long_pct),
    short: unpackNumbers(curve.short_pct),
    // The point under the crosshair; the last one where it is nowhere.
    at: (event) => (event === null ? times.length - 1 : Math.min(Math.max(event.logical, 0), times.length - 1)),
    gained: (value) => 100 * (value / curve.starting_balance - 1),
  };
}

function tick(text, on, changed) {
  const box = el("input", { type: "checkbox", checked: on, onchange: () => changed(box.checked) });
  return el("label", { class: "tick" }, box, text);
}

// Above its base a curve has one colour, below it another.
const twoSided = (base, above, below, [strong, weak]) => ({
  baseValue: { type: "price", price: base },
  topLineColor: above,
  topFillColor1: faded(above, strong),
  topFillColor2: faded(above, weak),
  bottomLineColor: below,
  bottomFillColor1: faded(below, weak),
  bottomFillColor2: faded(below, strong),
});

const written = (formatter, minMove) => ({ priceFormat: { type: "custom", formatter, minMove } });

function equityChart(run, trades, account, marks) {
  const { times, equity, held, at, gained } = account;
  const money = moneyOf(run);
  const legend = (event) => {
    const row = at(event);
    const gain = gained(equity[row]);
    const said = [
      el("span", { class: "when" }, minute(times[row])),
      entry("Equity", money(equity[row])),
      entry("Return", plus(perCent(gain), gain), tone(gain)),
    ];
    if (held && held[row] !== null) said.push(entry("Buy and hold", perCent(gained(held[row]))));
    return event === null ? said : [...said, ...nearTrades(trades, times, row, money)];
  };
  const chart = timeChart("equity", { height: "tall", ariaLabel: "Equity over time with the exits of trades", legend });
  const curve = (paint) => ({
    ...twoSided(run.curve.starting_balance, paint.gain, paint.loss, [0.28, 0.02]),
    ...written((value) => money(value, false), 1e-8),
    lineWidth: 2,
  });
  const line = chart.add("Baseline", "equity", curve, points(times, equity));
  const dashed = (paint) => ({
    color: paint.muted,
    lineWidth: 1,
    lineStyle: LineStyle.Dashed,
    lastValueVisible: false,
    crosshairMarkerVisible: false,
  });
  const hold = held && chart.add("Line", "held", dashed, points(times, held));
  if (hold) hold.applyOptions({ visible: false });
  return { chart, hold, redraw: drawOver(chart, line, exitMarks(chart, trades, times, equity, marks)) };
}

function underwaterChart({ times, underwater, at }) {
  const chart = timeChart("underwater", {
    height: "low",
    ariaLabel: "How far equity is below its peak",
    legend: (event) => [entry("Underwater", perCent(underwater[at(event)]))],
  });
  const area = (paint) => ({
    ...written((value) => perCent(value), 0.001),
    lineColor: paint.loss,
    lineWidth: 1,
    topColor: faded(paint.loss, 0.05),
    bottomColor: faded(paint.loss, 0.3),
    invertFilledArea: true,
  });
  chart.add("Area", "underwater", area, points(times, underwater));
  return chart;
}

function exposureChart({ times, long, short, at }) {
  const chart = timeChart("exposure", {
    height: "low",
    ariaLabel: "What long and short positions cost, in per cent of equity",
    legend: (event) => [
      el("b", {}, "Open positions, % of equity"),
      entry("long", perCent(long[at(event)], 1), "accent"),
      entry("short", perCent(short[at(event)], 1), "second"),
    ],
  });
  const side = (name, colour, values) => {
    const style = (paint) => ({
      ...twoSided(0, paint[colour], paint[colour], [0.45, 0.2]),
      ...written((value) => perCent(Math.abs(value), 1), 0.01),
      lineWidth: 1,
      lineType: LineType.WithSteps,
      lastValueVisible: false,
    });
    chart.add("Baseline", name, style, points(times, values));
  };
  side("long", "accent", long);
  side(
    "short",
    "second",
    short.map((one) => (one === null ? null : -one)),
  );
  return chart;
}

// The trades that ended between the points around one that the crosshair is at.
function nearTrades(trades, times, row, money) {
  const from = row > 0 ? times[row - 1] : -Infinity;
  const ended = trades.filter((trade) => trade.exit_ms > from && trade.exit_ms <= times[row]);
  return ended
    .slice(0, 2)
    .map((trade) =>
      entry(
        `#${trade.number} ${trade.symbol} ${trade.side} ${trade.reason.replaceAll("_", " ")}`,
        plus(money(trade.realized_pnl), trade.realized_pnl),
        tone(trade.realized_pnl),
      ),
    );
}

const MOST_DOTS = 400;

// A dot on the curve for every exit; smaller where they are many, none where they would cover the curve.
function exitMarks(self, trades, times, equity, marks) {
  const places = trades.map((trade) => Math.min(above(times, trade.exit_ms - 1), times.length - 1));
  return (context, place, from, to) => {
    if (!marks.shown) return;
    const first = above(places, from - 1);
    const last = above(places, to);
    if (last - first > MOST_DOTS) return;
    const radius = Math.max(1.5, Math.min(4, 800 / Math.max(1, last - first)));
    for (let row = first; row < last; row++) {
      const [x, y] = place(places[row], equity[places[row]]);
      if (x === null || y === null) continue;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = trades[row].realized_pnl > 0 ? self.paint.gain : self.paint.loss;
      context.fill();
      if (radius > 2.5) {
        context.strokeStyle = self.paint.panel;
        context.stroke();
      }
    }
  };
}

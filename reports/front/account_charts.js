// The account over time: equity with its trades, how far below its peak, and what was open.

import { above, unpackNumbers, unpackTimes } from "front/columns.js";
import { el } from "front/elements.js";
import { faded } from "front/theme.js";
import { bind, drawOver, LineStyle, points, showAll, timeChart } from "front/time_charts.js";
import { day, minute, moneyOf, number, perCent, plus, tone } from "front/words.js";

const entry = (name, text, kind = "") => el("span", {}, el("b", {}, name), " ", el("span", { class: kind }, text));

export function accountCharts(run, trades) {
  const money = moneyOf(run);
  const times = unpackTimes(run.curve.time_ms);
  const equity = unpackNumbers(run.curve.equity);
  const held = run.curve.held ? unpackNumbers(run.curve.held) : null;
  const underwater = unpackNumbers(run.curve.underwater_pct);
  const long = unpackNumbers(run.curve.long_pct);
  const short = unpackNumbers(run.curve.short_pct);
  const start = run.curve.starting_balance;
  if (times.length === 0) return { parts: [el("p", { class: "empty" }, "There was no step.")], fit: () => {} };
  const at = (event) => (event === null ? times.length - 1 : Math.min(Math.max(event.logical, 0), times.length - 1));
  const gained = (value) => 100 * (value / start - 1);

  const equityChart = timeChart("equity", {
    height: "tall",
    ariaLabel: "Equity over time with the exits of trades",
    legend: (event) => {
      const row = at(event);
      if (row < 0) return [];
      const gain = gained(equity[row]);
      const said = [
        el("span", { class: "when" }, minute(times[row])),
        entry("Equity", money(equity[row])),
        entry("Return", plus(perCent(gain), gain), tone(gain)),
      ];
      if (held && held[row] !== null) said.push(entry("Buy and hold", perCent(gained(held[row]))));
      if (event !== null) said.push(...nearTrades(trades, times, row, money));
      return said;
    },
  });
  const line = equityChart.add(
    "Baseline",
    "equity",
    (paint) => ({
      baseValue: { type: "price", price: start },
      lineWidth: 2,
      topLineColor: paint.gain,
      topFillColor1: faded(paint.gain, 0.28),
      topFillColor2: faded(paint.gain, 0.02),
      bottomLineColor: paint.loss,
      bottomFillColor1: faded(paint.loss, 0.02),
      bottomFillColor2: faded(paint.loss, 0.28),
      priceFormat: { type: "custom", formatter: (value) => money(value, false), minMove: 0.00000001 },
    }),
    points(times, equity),
  );
  const hold =
    held &&
    equityChart.add(
      "Line",
      "held",
      (paint) => ({
        color: paint.muted,
        lineWidth: 1,
        lineStyle: LineStyle.Dashed,
        lastValueVisible: false,
        crosshairMarkerVisible: false,
      }),
      points(times, held),
    );
  const marks = { shown: true };
  const redraw = drawOver(equityChart, line, exitMarks(equityChart, trades, times, equity, marks));

  const underwaterChart = timeChart("underwater", {
    height: "low",
    ariaLabel: "How far equity is below its peak",
    legend: (event) => [entry("Underwater", perCent(underwater[at(event)]))],
  });
  underwaterChart.add(
    "Area",
    "underwater",
    (paint) => ({
      lineColor: paint.loss,
      lineWidth: 1,
      topColor: faded(paint.loss, 0.05),
      bottomColor: faded(paint.loss, 0.3),
      invertFilledArea: true,
      priceFormat: { type: "custom", formatter: (value) => perCent(value), minMove: 0.001 },
    }),
    points(times, underwater),
  );
  const exposureChart = timeChart("exposure", {
    height: "low",
    ariaLabel: "What long and short positions cost, in per cent of equity",
    legend: (event) => [
      el("b", {}, "Open positions, % of equity"),
      entry("long", perCent(long[at(event)], 1), "accent"),
      entry("short", perCent(short[at(event)], 1), "second"),
    ],
  });
  const share = (name, colour, values) =>
    exposureChart.add(
      "Baseline",
      name,
      (paint) => ({
        baseValue: { type: "price", price: 0 },
        lineWidth: 1,
        topLineColor: paint[colour],
        topFillColor1: faded(paint[colour], 0.45),
        topFillColor2: faded(paint[colour], 0.2),
        bottomLineColor: paint[colour],
        bottomFillColor1: faded(paint[colour], 0.2),
        bottomFillColor2: faded(paint[colour], 0.45),
        lineType: 1,
        lastValueVisible: false,
        priceFormat: { type: "custom", formatter: (value) => perCent(Math.abs(value), 1), minMove: 0.01 },
      }),
      points(times, values),
    );
  share("long", "accent", long);
  share(
    "short",
    "second",
    short.map((one) => (one === null ? null : -one)),
  );

  const charts = [equityChart, underwaterChart, exposureChart];
  bind(charts);
  const tick = (text, on, changed) => {
    const box = el("input", { type: "checkbox", checked: on, onchange: () => changed(box.checked) });
    return el("label", { class: "tick" }, box, text);
  };
  if (hold) hold.applyOptions({ visible: false });
  const controls = el(
    "div",
    { class: "controls" },
    tick("Trades", true, (on) => {
      marks.shown = on;
      redraw();
    }),
    hold && tick("Buy and hold", false, (on) => hold.applyOptions({ visible: on })),
    el("button", { type: "button", class: "quiet", onclick: () => showAll(equityChart) }, "Whole run"),
    el(
      "span",
      { class: "note" },
      `${number(run.curve.points, 0)} points of equity, ${number(times.length, 0)} drawn, extremes kept`,
    ),
  );
  return { parts: [controls, ...charts.map((one) => one.box)], fit: () => charts.forEach(showAll) };
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

const MOST_DOTS = 1500;

// A dot on the curve for every exit; smaller where they are many, none where they would cover the curve.
function exitMarks(self, trades, times, equity, marks) {
  const places = trades.map((trade) => Math.min(above(times, trade.exit_ms - 1), times.length - 1));
  return (context, place, from, to) => {
    if (!marks.shown) return;
    const first = above(places, from - 1);
    const last = above(places, to);
    if (last - first > MOST_DOTS) return;
    const radius = Math.max(1.5, Math.min(4, 900 / Math.max(1, last - first)));
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

// Sharpe ratio over the last days and win rate over the last trades.
export function rollingCharts(run) {
  const one = (name, title, rolling, colour, text, base) => {
    const times = unpackTimes(rolling.time_ms);
    const values = unpackNumbers(rolling.value);
    if (times.length < 2) {
      return el("div", { class: "empty" }, el("b", {}, title), ` needs more than ${rolling.window}.`);
    }
    const seconds = new Map(times.map((time, row) => [Math.floor(time / 1000), row]));
    const unique = [...seconds.values()];
    const last = times.length - 1;
    const chart = timeChart(name, {
      height: "middle",
      ariaLabel: title,
      legend: (event) => {
        const row = event === null ? last : (seconds.get(event.time) ?? last);
        return [el("b", {}, title), el("span", { class: "when" }, day(times[row])), el("span", {}, text(values[row]))];
      },
    });
    const series = chart.add(
      "Line",
      name,
      (paint) => ({
        color: paint[colour],
        lineWidth: 2,
        priceFormat: { type: "custom", formatter: text, minMove: 0.01 },
      }),
      points(
        unique.map((row) => times[row]),
        unique.map((row) => values[row]),
      ),
    );
    series.createPriceLine({
      price: base,
      color: chart.paint.muted,
      lineWidth: 1,
      lineStyle: LineStyle.Dotted,
      axisLabelVisible: false,
    });
    showAll(chart);
    return chart.box;
  };
  return [
    one(
      "rolling sharpe",
      `Sharpe ratio over ${run.rolling_sharpe.window} days`,
      run.rolling_sharpe,
      "accent",
      (value) => number(value),
      0,
    ),
    one(
      "rolling win rate",
      `Win rate over ${run.rolling_win_rate.window} trades`,
      run.rolling_win_rate,
      "second",
      (value) => perCent(value, 1),
      50,
    ),
  ];
}

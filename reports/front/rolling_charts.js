// Figures over a window that moves: the Sharpe ratio over the last days, the win rate over the last trades.

import { unpackNumbers, unpackTimes } from "front/columns.js";
import { el } from "front/elements.js";
import { LineStyle, points, showAll, timeChart } from "front/time_charts.js";
import { day, number, perCent } from "front/words.js";

export function rollingCharts(run) {
  const { rolling_sharpe: sharpe, rolling_win_rate: rate } = run;
  return [
    rollingChart("rolling sharpe", `Sharpe ratio over ${sharpe.window} days`, sharpe, "accent", number, 0),
    rollingChart(
      "rolling win rate",
      `Win rate over ${rate.window} trades`,
      rate,
      "second",
      (one) => perCent(one, 1),
      50,
    ),
  ];
}

function rollingChart(name, title, rolling, colour, text, base) {
  const times = unpackTimes(rolling.time_ms);
  const values = unpackNumbers(rolling.value);
  if (times.length < 2) return el("div", { class: "empty" }, el("b", {}, title), ` needs more than ${rolling.window}.`);
  // Of several values in one second the last counts.
  const rows = new Map(times.map((time, row) => [Math.floor(time / 1000), row]));
  const kept = [...rows.values()];
  const chart = timeChart(name, {
    height: "middle",
    ariaLabel: title,
    legend: (event) => {
      const row = event === null ? times.length - 1 : (rows.get(event.time) ?? times.length - 1);
      return [el("b", {}, title), el("span", { class: "when" }, day(times[row])), el("span", {}, text(values[row]))];
    },
  });
  const style = (paint) => ({
    color: paint[colour],
    lineWidth: 2,
    priceFormat: { type: "custom", formatter: (value) => text(value), minMove: 0.01 },
  });
  const drawn = points(
    kept.map((row) => times[row]),
    kept.map((row) => values[row]),
  );
  const series = chart.add("Line", name, style, drawn);
  const { muted } = chart.paint;
  series.createPriceLine({
    price: base,
    color: muted,
    lineWidth: 1,
    lineStyle: LineStyle.Dotted,
    axisLabelVisible: false,
  });
  showAll(chart);
  return chart.box;
}

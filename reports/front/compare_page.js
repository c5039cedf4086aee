// The page that compares runs: their curves on one axis, what differs in their settings, their figures side by side.

import { unpackNumbers, unpackTimes } from "front/columns.js";
import { el, section } from "front/elements.js";
import { figureText, plainFigures } from "front/figures.js";
import { badge } from "front/page_frame.js";
import { breakable, flat } from "front/run_facts.js";
import { colourOf, swatch } from "front/palette.js";
import { points, showAll, timeChart } from "front/time_charts.js";
import { count, day, label, minute, moneyOf, number, perCent, plus, tone } from "front/words.js";

const HIGH_IS_GOOD = new Set([
  "total_return_pct",
  "sharpe",
  "sortino",
  "profit_factor",
  "win_rate_pct",
  "expectancy",
  "calmar",
  "cagr_pct",
]);
const LOW_IS_GOOD = new Set(["max_drawdown_pct", "total_costs"]);

const runNames = (runs) =>
  runs.map((run) => `${run.result.config.strategy} ${run.kind === "live" ? run.id : run.id.slice(0, 8)}`);

function curves(name, runs, names, column, value, text) {
  const read = runs.map((run) => [unpackTimes(run.curve.time_ms), unpackNumbers(run.curve[column])]);
  let chart = null;
  chart = timeChart(name, {
    height: name === "equity" ? "tall" : "low",
    ariaLabel: `${name} of ${runs.length} runs`,
    legend: (at) =>
      [
        at && el("span", { class: "when" }, minute(at.time * 1000)),
        ...names.map((one, place) => {
          const [, values] = read[place];
          const series = chart?.series[`${place} ${one}`];
          const there = at && series ? at.seriesData.get(series)?.value : value(values[values.length - 1], runs[place]);
          return el("span", {}, swatch(place), `${one} `, el("b", {}, text(there ?? null)));
        }),
      ].filter(Boolean),
  });
  runs.forEach((run, place) => {
    const [times, values] = read[place];
    chart.add(
      "Line",
      `${place} ${names[place]}`,
      () => ({
        color: colourOf(place),
        lineWidth: 2,
        priceFormat: { type: "custom", formatter: text, minMove: 0.001 },
      }),
      points(
        times,
        values.map((one) => (one === null ? null : value(one, run))),
      ),
    );
  });
  return chart;
}

function sideBySide(names, rows, heading) {
  const head = el(
    "tr",
    {},
    el("th", {}, heading),
    names.map((name, place) => el("th", { scope: "col", class: "figure" }, swatch(place), name)),
  );
  return el(
    "div",
    { class: "scroll" },
    el("table", { class: "compared" }, el("thead", {}, head), el("tbody", {}, rows)),
  );
}

function figureRows(runs) {
  const money = runs.map(moneyOf);
  const groups = plainFigures(runs[0].metrics);
  return groups.flatMap(([group, title, figures]) => [
    el("tr", { class: "heading" }, el("th", { colspan: runs.length + 1 }, title)),
    ...figures
      .filter(([, value]) => typeof value !== "string")
      .map(([name]) => {
        const values = runs.map((run) => run.metrics[group][name]);
        const known = values.filter((one) => typeof one === "number");
        const best = HIGH_IS_GOOD.has(name) ? Math.max(...known) : LOW_IS_GOOD.has(name) ? Math.min(...known) : null;
        const cells = values.map((value, place) =>
          el(
            "td",
            {
              class: `figure ${known.length > 1 && value === best ? "best" : ""}`,
              title: runs[place].metrics.undefined[`${group}.${name}`],
            },
            figureText(name, value, money[place]),
          ),
        );
        return el("tr", {}, el("th", { scope: "row" }, label(name)), cells);
      }),
  ]);
}

function differences(runs) {
  const read = runs.map(
    (run) =>
      new Map([
        ["kind", run.kind],
        ["from", day(run.start_ms)],
        ["to", day(run.end_ms)],
        ["code_version", run.result.code_version],
        ["data_sha256", run.result.data_sha256 ?? ""],
        ...flat(run.settings),
      ]),
  );
  const paths = [...new Set(read.flatMap((one) => [...one.keys()]))];
  return paths
    .filter((path) => new Set(read.map((one) => one.get(path) ?? "")).size > 1)
    .map((path) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, breakable(path)),
        read.map((one) => el("td", { class: "figure code" }, one.get(path) ?? "–")),
      ),
    );
}

function runTile(run, name, place) {
  const { performance, drawdown, risk_adjusted: risk, trade_quality: trades } = run.metrics;
  const total = performance.total_return_pct;
  const figures = [
    `drawdown ${perCent(drawdown.max_drawdown_pct)}`,
    `Sharpe ${number(risk.sharpe)}`,
    `${count(trades.trades)} trades`,
  ];
  const made = [run.kind, run.result.config.interval, `${day(run.start_ms)} – ${day(run.end_ms)}`];
  return el(
    "div",
    { class: "tile wide" },
    el("span", { class: "name" }, swatch(place), name),
    el("strong", { class: tone(total) }, plus(perCent(total), total)),
    el("span", { class: "under" }, figures.join(" · ")),
    el("span", { class: "under" }, made.join(", ")),
  );
}

/** Returns the title and the parts of the page, and what is to be called when they stand in it. */
export function comparePage(runs) {
  const names = runNames(runs);
  const grown = (value, run) => 100 * (value / run.curve.starting_balance - 1);
  const equity = curves("equity", runs, names, "equity", grown, (value) => plus(perCent(value), value));
  const underwater = curves("underwater", runs, names, "underwater_pct", (value) => value, perCent);
  const rows = differences(runs);
  const same = el("p", { class: "empty" }, "Their settings, code and candles are the same.");
  const doubts = runs.flatMap((run, place) =>
    run.warnings.map((text) => el("li", {}, el("b", {}, names[place]), ` ${text}`)),
  );
  const tiles = runs.map((run, place) => runTile(run, names[place], place));
  const parts = [
    el("div", { class: "tiles" }, tiles),
    section("equity", "Equity", "Return of the account", equity.box, underwater.box),
    section("differences", "Differences", "What differs", rows.length ? sideBySide(names, rows, "Setting") : same),
    section("figures", "Figures", "Figures side by side", sideBySide(names, figureRows(runs), "Figure")),
    doubts.length > 0 && section("warnings", "Notes", "Before you believe it", el("ul", {}, doubts)),
  ];
  const ids = runs.map((run) => badge(run.id, "code"));
  const title = el(
    "div",
    { class: "title" },
    el("h1", {}, `${runs.length} runs compared`),
    el("p", { class: "badges" }, ids),
  );
  return { title, parts, ready: () => [equity, underwater].forEach(showAll) };
}

// The page of a cross-validation: what its paths came to, over time and as distributions, and its searches.

import { unpackNumbers, unpackTimes } from "front/columns.js";
import { histogram } from "front/drawings.js";
import { el, section } from "front/elements.js";
import { table } from "front/figures.js";
import { linePlot } from "front/line_plot.js";
import { badge, fillPage, heldData, marketHead, tileRow, toldFacts, warningsPart } from "front/page_frame.js";
import { leftOutPlot, rankText } from "front/study/left_out.js";
import { quantile } from "front/study/scales.js";
import { count, day, minute, number, perCent, plus, sentence, tone } from "front/words.js";

const DAY_MS = 86_400_000;
const FEW_PATHS = 8;
const NAMES = { metric: "Metric", return_pct: "Return", sharpe: "Sharpe", max_drawdown_pct: "Max drawdown" };
// The metric that a figure is: it is not shown twice.
const SAME = {
  return_pct: ["roi", "total_return_pct", "performance.total_return_pct"],
  sharpe: ["sharpe", "risk_adjusted.sharpe"],
  max_drawdown_pct: ["max_drawdown", "max_drawdown_pct", "drawdown.max_drawdown_pct"],
};
const UNITS = { return_pct: "%", max_drawdown_pct: "%" };

const signed = (value) => ({ text: plus(perCent(value), value), kind: tone(value) });

export function openValidation(document) {
  showValidation(document.body, heldData(document).validation);
}

export function showValidation(body, found) {
  fillPage(body, validationPage(found));
}

/** Returns the title and the parts of the page. */
export const validationPage = (found) => ({ title: head(found), parts: partsOf(found) });

const head = (found) =>
  marketHead(
    found,
    `cross-validation ${found.id}`,
    "Cross-validation",
    badge(`${found.sampler}, seed ${found.seed}`),
  );

function partsOf(found) {
  const labels = { ...NAMES, metric: found.metric.text };
  const shown = Object.keys(NAMES).filter((name) => name === "metric" || !SAME[name]?.includes(found.metric.text));
  return [
    tiles(found),
    warningsPart(found.warnings, "Before you believe it"),
    section(
      "paths",
      "Paths",
      "The account along each path",
      found.luck.length > 0 && el("p", { class: "lead", id: "luck-sentence" }, sentence(found.luck[0][1])),
      pathsOverTime(found),
      el("div", { id: "path-table" }, pathTable(found, labels)),
    ),
    section(
      "distributions",
      "Distributions",
      "What the paths came to",
      el(
        "div",
        { class: "plots" },
        shown.map((name) =>
          histogram(
            labels[name],
            found.paths.map((one) => one[name]),
            UNITS[name] ?? "",
          ),
        ),
      ),
      el("div", { id: "quantiles" }, quantiles(found, shown, labels)),
    ),
    section(
      "splits",
      "Searches",
      "Where it was searched, and where it was left out",
      leftOutPlot(found),
      splitTable(found),
    ),
    found.luck.length > 0 &&
      section(
        "luck",
        "Luck",
        "How much of it is luck",
        toldFacts(found.luck.map(([name, said]) => [name, sentence(said)])),
      ),
    section("made", "Made of", "What the cross-validation is made of", toldFacts(found.facts), groupTable(found)),
  ];
}

function tiles(found) {
  const { losing, splits, tried, metric, kept, overfitting, points } = found;
  const { metric: value, return_pct: earned, sharpe } = found.distributions;
  const middle = (one) => one.quantiles[2] ?? null;
  const searches = `${count(splits.length)} searches of ${count(tried)} points`;
  return tileRow([
    [
      "Return of the middle path",
      plus(perCent(middle(earned)), middle(earned)),
      `from ${perCent(earned.lowest)} to ${perCent(earned.highest)}`,
      tone(middle(earned)),
    ],
    ["Paths that lost", losing === null ? "n/a" : perCent(100 * losing, 0), `of ${count(earned.paths)}`],
    [
      "Sharpe of the middle path",
      number(middle(sharpe)),
      `from ${number(sharpe.lowest)} to ${number(sharpe.highest)}`,
    ],
    [`Middle ${metric.text}`, number(middle(value), 3), `${metric.direction}d in ${searches}`],
    [
      "Kept where left out",
      number(kept),
      kept === null ? "what was searched earned nothing" : "of what a day earned where it was searched",
    ],
    [
      "Probability of overfitting",
      number(points > 1 ? overfitting : null),
      "how often the best came into the lower half where it was left out; 0.5 is a choice that means nothing",
    ],
  ]);
}

function pathsOverTime({ curves, paths }) {
  if (curves.length === 0) return el("p", { class: "empty" }, "No path is known by day.");
  const lines = curves.map((one) => ({
    name: `path ${one.number}`,
    days: unpackTimes(one.days),
    values: unpackNumbers(one.return_pct),
  }));
  const text = (value) => plus(perCent(value), value);
  const note = paths.length > curves.length && `${count(paths.length - curves.length)} paths have no figures.`;
  return el(
    "div",
    { id: "path-drawing" },
    linePlot("Return", lines, {
      unit: "%",
      text,
      zero: 0,
      tell: lines.length > FEW_PATHS ? spread(lines, text) : null,
    }),
    note && el("p", { class: "note" }, note),
  );
}

const TOLD = { highest: 1, "95 %": 0.95, middle: 0.5, "5 %": 0.05, lowest: 0 };

// Of many paths a day has quantiles, not a line for each.
function spread(lines, text) {
  const rows = lines.map((line) => new Map(line.days.map((one, row) => [one, line.values[row]])));
  return (at) => {
    const known = rows.map((one) => one.get(at)).filter((one) => one !== undefined);
    const sorted = known.sort((one, other) => one - other);
    return Object.entries(TOLD).map(([name, share]) => [name, text(quantile(sorted, share))]);
  };
}

function pathTable({ paths, metric }, labels) {
  const figures = [labels.metric, "Return", "Sharpe", "PSR", "Max drawdown", "Trades"];
  const heads = ["Path", "Group by group, from search", ...figures];
  const rows = paths.map((one) => [
    count(one.number),
    one.splits.join(", "),
    { text: number(one.metric, 4), kind: metric.direction === "maximise" ? tone(one.metric) : "" },
    signed(one.return_pct),
    number(one.sharpe),
    number(one.probabilistic_sharpe, 3),
    perCent(one.max_drawdown_pct),
    count(one.trades),
  ]);
  return [
    folded(table(heads, rows, { texts: 2 }), rows.length, "paths"),
    el("p", { class: "note" }, "PSR: how probable it is that the true Sharpe ratio of the path is above 0."),
  ];
}

const FOLDED = 30;

// A long table is shown on request.
function folded(made, rows, what) {
  return rows <= FOLDED ? made : el("details", {}, el("summary", {}, `All ${count(rows)} ${what}`), made);
}

function quantiles({ distributions }, shown, labels) {
  const heads = ["Over paths", "Paths", "Mean", "Lowest", "5 %", "25 %", "Median", "75 %", "95 %", "Highest"];
  const rows = shown.map((name) => {
    const { paths, mean, lowest, quantiles: middle, highest } = distributions[name];
    const cells = [mean, lowest, ...(middle.length ? middle : new Array(5).fill(null)), highest];
    const said = (value) => (UNITS[name] ? perCent(value) : number(value));
    return [labels[name], count(paths), ...cells.map(said)];
  });
  return table(heads, rows, { texts: 1 });
}

function splitTable({ splits, parameters, metric, points }) {
  const heads = ["Search", "Left out", ...parameters, `${metric.text} in`, "out", "Return in", "out", "Rank out", "Trades"];
  const rows = splits.map((one) => [
    count(one.number),
    one.tests.join(", "),
    ...parameters.map((name) => one.params[name] ?? "n/a"),
    number(one.in_value, 4),
    number(one.out_value, 4),
    signed(one.in_return_pct),
    signed(one.out_return_pct),
    one.out_rank === null ? "n/a" : rankText(one.out_rank, points),
    count(one.trades),
  ]);
  const traded = splits.filter((one) => one.out_return_pct !== null);
  const earned = traded.filter((one) => one.out_return_pct > 0).length;
  const made = folded(table(heads, rows, { texts: 2 + parameters.length }), rows.length, "searches");
  const said = `${count(earned)} of ${count(splits.length)} searches found what earned where it was left out.`;
  return [el("div", { id: "split-table" }, made), el("p", { class: "note" }, said)];
}

function groupTable({ groups }) {
  const said = groups.some(({ start_ms: from, end_ms: to }) => from % DAY_MS || to % DAY_MS) ? minute : day;
  const rows = groups.map((one, place) => [count(place + 1), `${said(one.start_ms)} – ${said(one.end_ms)}`]);
  return table(["Group", "From and to"], rows, { texts: 2 });
}

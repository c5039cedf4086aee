// Every trial as a line through its parameters and what it reached; the better, the brighter.

import { choice, drawnToWidth, el, svg } from "front/elements.js";
import { pointed } from "front/study/pointing.js";
import { clipped, colourOf, path, rangeOf, scaleOf } from "front/study/scales.js";
import { columnChoice, trialLines } from "front/study/trials.js";
import { count } from "front/words.js";

const MOST_LINES = 2000;
const BEST_LINES = 300;
const SHADES = 10;
const LEAST_WIDE = 100;
const LETTER = 7.8;
const HEIGHT = 340;
const [TOP, BOTTOM] = [44, HEIGHT - 24];
const NEAR = 18;
const SHARES = [
  ["1", "all trials"],
  ["0.5", "the better half"],
  ["0.25", "the best quarter"],
  ["0.1", "the best tenth"],
  ["0.02", "the best fiftieth"],
];

/** The rows that are drawn, the best first: all, or the best and others at equal distances in their order. */
export function drawnLines(trials, metric, share) {
  const sign = metric.direction === "minimise" ? -1 : 1;
  const ranked = trials.ranked.filter((row) => metric.values[row] !== null);
  ranked.sort((one, other) => sign * (metric.values[other] - metric.values[one]) || one - other);
  const kept = ranked.slice(0, Math.max(1, Math.ceil(share * ranked.length)));
  if (kept.length <= MOST_LINES) return { drawn: kept, of: kept.length };
  const rest = kept.length - BEST_LINES;
  const others = Array.from(
    { length: MOST_LINES - BEST_LINES },
    (_, place) => kept[BEST_LINES + Math.floor((place * rest) / (MOST_LINES - BEST_LINES))],
  );
  return { drawn: [...kept.slice(0, BEST_LINES), ...others], of: kept.length };
}

function axisOf(column, at, height, rows) {
  const range = rangeOf(column, rows, 0);
  // What is searched for has its better end on top.
  const ends = column.direction === "minimise" ? [TOP, BOTTOM] : [BOTTOM, TOP];
  return { column, at, range, scale: scaleOf(column, range, ends) };
}

function axisShapes(axes, place, wide) {
  const { column, at, range, scale } = axes[place];
  const last = axes.length - 1;
  const anchor = place === 0 ? "start" : place === last ? "end" : "middle";
  const most = Math.max(5, Math.floor(wide / LETTER) - 1);
  // The names at the ends lie on one side of their axes: they have what the ones beside them leave.
  const beside = axes[place === 0 ? 1 : place === last ? last - 1 : -1];
  const taken = beside ? Math.min(most, beside.column.label.length) / 2 : 0;
  const letters = beside ? Math.max(5, Math.floor(wide / LETTER - taken) - 1) : most;
  const name = svg(
    "text",
    { x: at, y: 14, "text-anchor": anchor, class: "axis-name" },
    svg("title", {}, column.label),
    clipped(column.label, letters),
  );
  const ends = column.isChoice ? [] : (column.ends ?? range);
  const up = column.direction === "minimise" ? [TOP - 8, BOTTOM + 16] : [BOTTOM + 16, TOP - 8];
  const few = column.isChoice && column.choices.length <= 10;
  const shown = few ? column.choices.map((_, one) => one) : column.isChoice ? [0, column.choices.length - 1] : [];
  const [aside, side] = place === last ? [-6, "end"] : [6, "start"];
  return svg(
    "g",
    {},
    name,
    svg("line", { class: "axis", x1: at, x2: at, y1: TOP, y2: BOTTOM }),
    ends.map((one, which) =>
      svg("text", { x: at, y: up[which], "text-anchor": anchor }, clipped(column.text(one), most)),
    ),
    shown.map((one) =>
      svg(
        "text",
        { x: at + aside, y: scale(one) + 4, "text-anchor": side, class: "haloed" },
        clipped(column.text(one), 12),
      ),
    ),
  );
}

function drawLines(width, trials, metric, rows) {
  const columns = [...trials.parameters, ...trials.objectives.filter((one) => one !== metric), metric];
  const whole = Math.max(width, LEAST_WIDE * (columns.length - 1) + 24);
  const wide = (whole - 24) / Math.max(1, columns.length - 1);
  const axes = columns.map((one, place) => axisOf(one, 12 + place * wide, HEIGHT, trials.ranked));
  const placesOf = (row) => axes.map(({ column, at, scale }) => [at, scale(column.values[row] ?? NaN)]);
  const marks = rows.map((row) => ({
    row,
    places: placesOf(row),
    x: axes[axes.length - 1].at,
    y: placesOf(row).at(-1)[1],
  }));
  // The best last, over all others.
  const shades = Array.from({ length: SHADES }, (_, shade) => {
    const [from, to] = [shade, shade + 1].map((one) => Math.round((one * marks.length) / SHADES));
    const lines = marks.slice(from, to).map((one) => path(one.places));
    const look = `stroke: ${colourOf(1 - (shade + 0.5) / SHADES)}`;
    return svg("path", { class: "line", style: look, d: lines.join("") });
  }).reverse();
  const faint = marks.length > 400 ? "lines many" : "lines";
  const shapes = [
    svg("g", { class: faint }, shades),
    axes.map((_, place) => axisShapes(axes, place, wide)),
  ];
  const title = `Trials as lines through ${columns.map((one) => one.label).join(", ")}`;
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${whole} ${HEIGHT}`, width: whole, height: HEIGHT, role: "img", "aria-label": title },
    shapes,
  );
  return pointed(drawing, marks, (mark) => trialLines(trials, mark.row, metric), {
    nearest: (x, y) => nearestLine(marks, axes, x, y),
    shape: (mark) => svg("path", { class: "pointer", d: path(mark.places) }),
  });
}

function nearestLine(marks, axes, x, y) {
  const after = Math.min(
    axes.length - 1,
    Math.max(
      1,
      axes.findIndex((one) => one.at >= x),
    ),
  );
  const [from, to] = [axes[after - 1].at, axes[after].at];
  const share = Math.min(1, Math.max(0, (x - from) / (to - from || 1)));
  let [found, least] = [null, NEAR];
  for (const mark of marks) {
    const far = Math.abs(mark.places[after - 1][1] * (1 - share) + mark.places[after][1] * share - y);
    if (far < least) [found, least] = [mark, far];
  }
  return found;
}

export function parallel(trials) {
  const chosen = { metric: trials.metrics[0], share: 1 };
  const said = el("span", { class: "note" });
  const box = el("div", { id: "parallel-lines", class: "scroll" });
  const show = () => {
    const { drawn, of } = drawnLines(trials, chosen.metric, chosen.share);
    const few =
      drawn.length < of ? `; ${count(drawn.length)} of ${count(of)} are drawn, the best ${BEST_LINES} among them` : "";
    said.textContent = `${count(of)} trials, the best brightest and on top${few}`;
    box.dataset.lines = drawn.length;
    box.replaceChildren(drawnToWidth((width) => drawLines(width, trials, chosen.metric, drawn)));
  };
  const set = (key, read) => (value) => {
    chosen[key] = read(value);
    show();
  };
  const searched = trials.metrics.filter((one) => one.direction !== null);
  const controls = el(
    "div",
    { class: "controls" },
    columnChoice(
      "By",
      searched,
      chosen.metric,
      set("metric", (one) => one),
    ),
    choice("Which trials", SHARES, set("share", Number)),
    said,
  );
  show();
  return [controls, box];
}

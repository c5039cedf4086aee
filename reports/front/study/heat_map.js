// What the trials reached over two parameters, a cell for each pair of their values.

import { choice, drawnToWidth, el, svg } from "front/elements.js";
import { pointed } from "front/study/pointing.js";
import { clipped, colourOf, isLight, reach, star } from "front/study/scales.js";
import { axisTitle, bestRow, columnChoice, plain } from "front/study/trials.js";
import { count, number } from "front/words.js";

const MOST_VALUES = 30;
const STRETCHES = 16;
const COUNT = { key: "count", label: "Number of trials", group: "Trials", unit: "", direction: null, text: count };
const WAYS = [
  ["best", "best of a cell"],
  ["middle", "middle of a cell"],
  ["worst", "worst of a cell"],
];

/** The values of a parameter as cells along an axis: one each, or stretches of about equal width. */
function cellsOf(parameter, rows) {
  const { values, choices, isChoice, kind, log, ends, levels } = parameter;
  if (isChoice) return { names: choices, place: (value) => value };
  const tried = rows.map((row) => values[row]).filter((one) => one !== null);
  // Where a range has few values, those that were not tried have their places too: equal steps are equally far apart.
  const different = levels.length > 0 ? levels : [...new Set(tried)].sort((a, b) => a - b);
  if (different.length <= MOST_VALUES) {
    const places = new Map(different.map((one, place) => [one, place]));
    return { names: different.map(plain), place: (value) => places.get(value) };
  }
  const flat = log && ends[0] > 0 ? Math.log : (value) => value;
  const [low, high] = ends.map(flat);
  let [parts, wide] = [STRETCHES, (high - low) / STRETCHES];
  if (kind === "int" && !log) {
    wide = Math.max(1, Math.ceil((high - low + 1) / STRETCHES));
    parts = Math.ceil((high - low + 1) / wide);
  }
  const edge = (place) => (log && ends[0] > 0 ? Math.exp : (value) => value)(low + place * wide);
  const round = (value) => plain(Number(value.toPrecision(3)));
  const names = Array.from({ length: parts }, (_, place) =>
    kind === "int" && !log
      ? `${plain(low + place * wide)}–${plain(Math.min(high, low + (place + 1) * wide - 1))}`
      : `${round(edge(place))}–${round(edge(place + 1))}`,
  );
  return { names, place: (value) => Math.min(parts - 1, Math.max(0, Math.floor((flat(value) - low) / wide + 1e-9))) };
}

/** The trials of each cell and what they come to: the best, the middle, the worst, or how many there are. */
export function heatCells(trials, { x, y, metric, way }) {
  const [across, up] = [cellsOf(x, trials.points), cellsOf(y, trials.points)];
  const cells = new Map();
  for (const row of trials.points) {
    const [column, line] = [across.place(x.values[row]), up.place(y.values[row])];
    if (column === undefined || line === undefined) continue;
    const key = line * across.names.length + column;
    if (!cells.has(key)) cells.set(key, { column, line, rows: [], value: null });
    cells.get(key).rows.push(row);
  }
  for (const cell of cells.values()) cell.value = valueOf(cell.rows, metric, way);
  const ordered = [...cells.values()].sort((one, other) => one.line - other.line || one.column - other.column);
  return { across: across.names, up: up.names, cells: ordered };
}

function valueOf(rows, metric, way) {
  if (metric === COUNT) return rows.length;
  const known = rows.map((row) => metric.values[row]).filter((one) => one !== null);
  if (known.length === 0) return null;
  const sorted = known.sort((one, other) => (metric.direction === "minimise" ? other - one : one - other));
  if (way === "middle") return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
  return sorted[way === "best" ? sorted.length - 1 : 0];
}

/** How good values are, from 0 to 1, and the ends of that scale; far outliers at the bad end are all alike. */
function shades(values, direction) {
  const [low, high] = reach(values, direction);
  const along = (value) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 1);
  const least = `${Math.min(...values) < low ? "≤ " : ""}`;
  const most = `${Math.max(...values) > high ? "≥ " : ""}`;
  const ends = [
    [low, least],
    [high, most],
  ];
  const turned = direction === "minimise" && high > low;
  return { ends: turned ? ends.reverse() : ends, share: (value) => (turned ? 1 - along(value) : along(value)) };
}

function legend(metric, { ends }) {
  const stops = Array.from({ length: 9 }, (_, place) => colourOf(place / 8)).join(", ");
  const [worst, best] = ends.map(([value, beyond]) => `${beyond}${metric.text(value)}`);
  return el(
    "p",
    { class: "scale note" },
    el("span", {}, worst),
    el("i", { class: "ramp", style: `background: linear-gradient(to right, ${stops})` }),
    el("span", {}, `${best}${metric.direction ? " (better)" : ""}`),
    el("span", { class: "mark-star" }, "the best trial"),
    metric.direction && el("span", { class: "mark-ring" }, "best of this map"),
  );
}

function placesOf(width, map) {
  const longest = Math.max(...map.up.map((one) => Math.min(14, one.length)));
  const left = 14 + 6.4 * longest;
  const [top, bottom] = [22, 42];
  const wide = (width - left - 8) / map.across.length;
  const tall = Math.max(13, Math.min(42, 420 / map.up.length));
  const height = top + tall * map.up.length + bottom;
  return {
    left,
    top,
    wide,
    tall,
    height,
    x: (column) => left + column * wide,
    y: (line) => height - bottom - (line + 1) * tall,
  };
}

function axes(width, map, at, { x, y }) {
  const wordWide = 6.4 * Math.max(...map.across.map((one) => Math.min(12, one.length))) + 8;
  const [each, eachUp] = [Math.ceil(wordWide / at.wide), Math.ceil(13 / at.tall)];
  return [
    svg("text", { x: 0, y: 12, class: "axis-name" }, axisTitle(y)),
    svg("text", { x: width - 8, y: at.height - 4, "text-anchor": "end", class: "axis-name" }, axisTitle(x)),
    map.across.map(
      (name, column) =>
        column % each === 0 &&
        svg("text", { x: at.x(column + 0.5), y: at.height - 26, "text-anchor": "middle" }, clipped(name, 12)),
    ),
    map.up.map(
      (name, line) =>
        line % eachUp === 0 &&
        svg("text", { x: at.left - 6, y: at.y(line) + at.tall / 2 + 4, "text-anchor": "end" }, clipped(name, 14)),
    ),
  ];
}

function drawMap(width, trials, map, chosen) {
  const at = placesOf(width, map);
  const known = map.cells.map((one) => one.value).filter((one) => one !== null);
  const shade = shades(known, chosen.metric.direction);
  const texts = map.cells.map((one) =>
    one.value === null ? "–" : number(one.value, Math.abs(one.value) < 100 ? 2 : 0),
  );
  const told = at.tall >= 15 && at.wide > 6.3 * Math.max(...texts.map((one) => one.length)) + 4;
  const marks = map.cells.map((cell) => ({ ...cell, x: at.x(cell.column + 0.5), y: at.y(cell.line) + at.tall / 2 }));
  const boxOf = (mark) => ({
    x: at.x(mark.column) + 0.5,
    y: at.y(mark.line) + 0.5,
    width: Math.max(1, at.wide - 1),
    height: at.tall - 1,
  });
  const cells = marks.map((mark, place) => {
    const share = mark.value === null ? null : shade.share(mark.value);
    const fill = share === null ? {} : { style: `fill: ${colourOf(share)}` };
    return [
      svg("rect", {
        ...boxOf(mark),
        class: share === null ? "cell none" : "cell",
        "data-cell": `${mark.column} ${mark.line}`,
        ...fill,
      }),
      told &&
        svg(
          "text",
          {
            x: mark.x,
            y: mark.y + 4,
            "text-anchor": "middle",
            class: `on-cell ${share !== null && isLight(share) ? "dark" : share === null ? "" : "light"}`,
          },
          texts[place],
        ),
    ];
  });
  const byPlace = new Map(marks.map((mark) => [`${mark.column} ${mark.line}`, mark]));
  const drawing = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${at.height}`,
      width,
      height: at.height,
      role: "img",
      "aria-label": `${chosen.metric.label} over ${chosen.x.label} and ${chosen.y.label}`,
    },
    axes(width, map, at, chosen),
    cells,
    bestMarks(trials, marks, chosen, boxOf, at, told),
  );
  return pointed(drawing, marks, (mark) => cellLines(trials, map, mark, chosen), {
    nearest: (x, y) =>
      byPlace.get(`${Math.floor((x - at.left) / at.wide)} ${map.up.length - 1 - Math.floor((y - at.top) / at.tall)}`) ??
      null,
    shape: (mark) => svg("rect", { class: "pointer", ...boxOf(mark) }),
    step: (mark, key) => neighbour(mark, key, byPlace, map),
  });
}

// The next cell in a direction that has trials.
function neighbour(mark, key, byPlace, map) {
  const [right, up] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key] ?? [0, 0];
  if (right === 0 && up === 0) return null;
  let [column, line] = [mark.column + right, mark.line + up];
  while (column >= 0 && line >= 0 && column < map.across.length && line < map.up.length) {
    const found = byPlace.get(`${column} ${line}`);
    if (found) return found;
    [column, line] = [column + right, line + up];
  }
  return null;
}

// A ring around the best cell that is shown, and a star where the best trial lies.
function bestMarks(trials, marks, { metric }, boxOf, at, told) {
  const shown = metric.direction
    ? bestRow(
        marks.map((_, place) => place),
        { values: marks.map((one) => one.value), direction: metric.direction },
      )
    : null;
  const best = trials.rowOf.get(trials.study.best[0]?.number);
  const home = marks.find((one) => one.rows.includes(best));
  const size = Math.max(4, Math.min(8, at.tall / 2 - 1, at.wide / 2 - 1));
  const aside = told ? [at.wide / 2 - size - 1, size + 1 - at.tall / 2] : [0, 0];
  return [
    shown !== null && [
      svg("rect", { class: "ring-under", ...boxOf(marks[shown]) }),
      svg("rect", { class: "ring", ...boxOf(marks[shown]) }),
    ],
    home && star(home.x + aside[0], home.y + aside[1], size),
  ];
}

function cellLines(trials, map, { column, line, rows, value }, { x, y, metric }) {
  const known = metric === COUNT ? [] : rows.map((row) => metric.values[row]).filter((one) => one !== null);
  const lines = [
    [x.label, map.across[column]],
    [y.label, map.up[line]],
  ];
  if (metric !== COUNT) lines.push([metric.label, value === null ? "no value" : metric.text(value)]);
  lines.push(["trials", count(rows.length)]);
  if (known.length > 1)
    lines.push(["from, to", `${metric.text(Math.min(...known))}, ${metric.text(Math.max(...known))}`]);
  const one = rows.length === 1 ? `Trial ${trials.numbers[rows[0]]}` : "Trials of this cell";
  return [one, lines];
}

/** The map with what chooses its parameters and its figure. */
export function heatMap(trials) {
  const [first, second] = trials.byImportance;
  const chosen = { x: first, y: second, metric: trials.metrics[0], way: "best" };
  const box = el("div", { id: "heat-map" });
  const show = () => {
    const map = heatCells(trials, chosen);
    const values = map.cells.map((one) => one.value).filter((one) => one !== null);
    const none = el("p", { class: "empty" }, "No trial here has a value.");
    box.dataset.cells = map.cells.length;
    box.replaceChildren(
      values.length > 0 ? legend(chosen.metric, shades(values, chosen.metric.direction)) : none,
      drawnToWidth((width) => drawMap(width, trials, map, chosen)),
    );
  };
  const set = (key, other) => (value) => {
    // The same parameter on both axes says nothing: the axes change places.
    if (other && chosen[other] === value) {
      chosen[other] = chosen[key];
      choices[other].querySelector("select").value = trials.parameters.indexOf(chosen[other]);
    }
    chosen[key] = value;
    show();
  };
  const choices = {
    metric: columnChoice("Colour", [...trials.metrics, COUNT], chosen.metric, set("metric")),
    x: columnChoice("across", trials.parameters, chosen.x, set("x", "y")),
    y: columnChoice("up", trials.parameters, chosen.y, set("y", "x")),
    way: choice("Which of the trials of a cell", WAYS, set("way")),
  };
  show();
  return [el("div", { class: "controls" }, Object.values(choices)), box];
}

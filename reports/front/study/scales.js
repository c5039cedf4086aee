// Scales of drawings: numbers and choices along an axis, values as colours.

import { short, ticks } from "front/drawings.js";
import { svg } from "front/elements.js";
import { axisTitle } from "front/study/trials.js";
import { number } from "front/words.js";

// Viridis: even steps of lightness, told apart by all kinds of colour vision.
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];
const CHANNELS = VIRIDIS.map((one) => [1, 3, 5].map((at) => Number.parseInt(one.slice(at, at + 2), 16)));

function mixed(share) {
  const at = Math.min(1, Math.max(0, share)) * (CHANNELS.length - 1);
  const [low, rest] = [
    Math.min(CHANNELS.length - 2, Math.floor(at)),
    at - Math.min(CHANNELS.length - 2, Math.floor(at)),
  ];
  return CHANNELS[low].map((one, place) => Math.round(one + rest * (CHANNELS[low + 1][place] - one)));
}

/** The colour of a share from 0, the worst, to 1, the best. */
export const colourOf = (share) => `rgb(${mixed(share).join(" ")})`;

/** Whether dark text is read on that colour. */
export function isLight(share) {
  const [red, green, blue] = mixed(share);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}

export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
}

/** The least and the greatest of values, without the far outliers at ends that are not `kept`. */
export function reach(values, direction = null) {
  const sorted = values.filter((one) => one !== null).sort((one, other) => one - other);
  if (sorted.length === 0) return [0, 1];
  let [low, high] = [sorted[0], sorted[sorted.length - 1]];
  const [near, far] = [quantile(sorted, 0.05), quantile(sorted, 0.95)];
  const most = 3 * (far - near);
  if (direction !== "minimise" && far - low > most && far > near) low = far - most;
  if (direction !== "maximise" && high - near > most && far > near) high = near + most;
  return [low, high];
}

/** A little room on both sides of a range. */
export function roomy([low, high], share = 0.04) {
  const room = (high - low) * share || (high > low ? 0 : Math.abs(high) * 0.04 || 1);
  return [low - room, high + room];
}

/** The range of a column, that of its parameter or of its values, with some room. */
export function rangeOf(column, rows, share = 0.04) {
  if (column.isChoice) return [-0.5, column.choices.length - 0.5];
  if (column.ends) return column.log ? column.ends : roomy(column.ends, share);
  return roomy(
    reach(
      rows.map((row) => column.values[row]),
      column.direction,
    ),
    share,
  );
}

/** From values to pixels; what lies beyond the range is drawn at its end. */
export function scaleOf(column, [low, high], [from, to]) {
  const flat = column.log && low > 0 ? Math.log : (value) => value;
  const [start, wide] = [flat(low), flat(high) - flat(low) || 1];
  return (value) => from + (Math.min(1, Math.max(0, (flat(value) - start) / wide)) || 0) * (to - from);
}

function marksOf(column, [low, high], wanted) {
  if (column.isChoice) {
    const each = Math.ceil(column.choices.length / Math.max(1, wanted));
    return column.choices.map((_, place) => place).filter((place) => place % each === 0);
  }
  if (column.log && low > 0) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
      const steps = Math.log10(high / low) < 2.5 ? [1, 2, 5] : [1];
      found.push(...steps.map((one) => Number(`${one}e${power}`)).filter((one) => one >= low && one <= high));
    }
    return found.length > 1 ? found : [low, high];
  }
  const found = ticks(low, high, wanted);
  return column.kind === "int" ? found.filter(Number.isInteger) : found;
}

function tickTexts(column, marks) {
  if (column.isChoice || column.ends) return marks.map((at) => column.text(at));
  const texts = marks.map(short);
  if (new Set(texts).size === texts.length) return texts;
  // As many decimals as tell them apart.
  return marks.map((at) => number(at, Math.max(0, -Math.floor(Math.log10(marks[1] - marks[0])))));
}
export const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/**
 * A drawing with two axes, each with its name, its unit and its values: `x` and `y` are columns, or what has `label`,
 * `unit` and `text` of one. Returns the scales, and what puts shapes into it.
 */
export function plotOf(width, height, [x, xs], [y, ys], title) {
  const up = marksOf(y, ys, Math.max(2, Math.floor(height / 55)));
  const upTexts = tickTexts(y, up).map((one) => clipped(one, 14));
  const left = 14 + Math.max(24, 6.4 * Math.max(...upTexts.map((one) => one.length)));
  const [right, top, bottom] = [width - 14, 24, height - 40];
  const across = marksOf(x, xs, Math.max(2, Math.floor((right - left) / 80)));
  const [toX, toY] = [scaleOf(x, xs, [left, right]), scaleOf(y, ys, [bottom, top])];
  const frame = [
    svg("text", { x: 0, y: 12, class: "axis-name" }, axisTitle(y)),
    svg("text", { x: right, y: height - 4, "text-anchor": "end", class: "axis-name" }, axisTitle(x)),
    up.map((at, place) => [
      svg("line", { class: "grid", x1: left, x2: right, y1: toY(at), y2: toY(at) }),
      svg("text", { x: left - 6, y: toY(at) + 4, "text-anchor": "end" }, upTexts[place]),
    ]),
    tickTexts(x, across).map((text, place) =>
      svg("text", { x: toX(across[place]), y: bottom + 16, "text-anchor": "middle" }, clipped(text, 12)),
    ),
    ys[0] < 0 &&
      ys[1] > 0 &&
      !y.isChoice &&
      svg("line", { class: "zero", x1: left, x2: right, y1: toY(0), y2: toY(0) }),
    svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    svg("line", { class: "axis", x1: left, x2: left, y1: top, y2: bottom }),
  ];
  const draw = (...shapes) =>
    svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title }, frame, shapes);
  return { toX, toY, left, right, top, bottom, draw };
}

/** Squares around points as one path, so that ten thousand cost no more than one. */
export function dots(places, size) {
  const half = size / 2;
  return places
    .map(([x, y]) => `M${(x - half).toFixed(1)} ${(y - half).toFixed(1)}h${size}v${size}h-${size}z`)
    .join("");
}

export const path = (places) =>
  places.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** A star that is seen on every colour. */
export function star(x, y, size = 8) {
  const corners = Array.from({ length: 10 }, (_, place) => {
    const [far, angle] = [place % 2 ? size * 0.45 : size, (place * Math.PI) / 5 - Math.PI / 2];
    return [x + far * Math.cos(angle), y + far * Math.sin(angle)];
  });
  return svg("path", { class: "star", d: `${path(corners)}z` });
}

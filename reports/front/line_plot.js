// Lines over time in one drawing, each in its colour; what is pointed at says the values of the day.

import { drawnToWidth, el, svg } from "front/elements.js";
import { colourOf, swatch } from "front/palette.js";
import { pointed } from "front/study/pointing.js";
import { path, plotOf, roomy } from "front/study/scales.js";
import { day } from "front/words.js";

const DAY_MS = 86_400_000;
const HEIGHT = 320;
const TOLD = 8;

const YEAR = 366;

const at = (number) => day(number * DAY_MS);

// Along the axis there is room for a part of a date.
const shortly = ([first, last]) => (last - first < YEAR ? (one) => at(one).slice(5) : (one) => at(one).slice(0, 7));

/**
 * Returns a drawing of lines: each has a `name`, its `days` since 1970, its `values`, and perhaps `strong`.
 *
 * `unit` and `text` are of the values. `tell(number)` gives the names and values of a day, where they are not those of
 * the lines; `zero` is to be in view, and `first` is the place of the first line's colour.
 */
export function linePlot(title, lines, { unit = "", text, tell = null, zero = null, first = 0, height = HEIGHT }) {
  const values = lines.flatMap((line) => line.values).concat(zero === null ? [] : [zero]);
  const known = values.filter((one) => one !== null);
  if (known.length === 0) return el("p", { class: "empty" }, "Nothing to show.");
  const numbers = [...new Set(lines.flatMap((line) => line.days))].sort((one, other) => one - other);
  const ends = [numbers[0], numbers[numbers.length - 1]];
  const x = { label: "", unit: "", kind: "int", ends, text: shortly(ends) };
  const y = { label: title, unit, text };
  const ys = roomy([known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))], 0.05);
  const many = lines.length > TOLD;
  const places = lines.map((line) => new Map(line.days.map((number, row) => [number, row])));
  const own = (number) =>
    lines
      .map((line, place) => [line.name, line.values[places[place].get(number)]])
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, text(value)]);
  const draw = (width) => {
    const plot = plotOf(width, height, [x, ends], [y, ys], title);
    const drawn = lines.map((line, place) => {
      const points = line.days
        .map((number, row) => [plot.toX(number), line.values[row]])
        .filter(([, value]) => value !== null)
        .map(([px, value]) => [px, plot.toY(value)]);
      const look = many ? "" : `stroke: ${colourOf(first + place)};`;
      return svg("path", { class: line.strong ? "line strong" : "line", style: look, d: path(points) });
    });
    const drawing = plot.draw(svg("g", { class: many ? "lines many" : "lines" }, drawn));
    const marks = numbers.map((number) => ({ number, x: plot.toX(number), y: (plot.top + plot.bottom) / 2 }));
    return pointed(drawing, marks, ({ number }) => [at(number), (tell ?? own)(number)], {
      nearest: (px) => marks.reduce((best, one) => (Math.abs(one.x - px) < Math.abs(best.x - px) ? one : best)),
      shape: (mark) => svg("line", { class: "pointer", x1: mark.x, x2: mark.x, y1: plot.top, y2: plot.bottom }),
    });
  };
  const key = many ? null : lines.map((line, place) => el("span", {}, swatch(first + place), line.name));
  return el(
    "div",
    { class: "line-plot" },
    key && lines.length > 1 && el("p", { class: "scale note" }, key),
    drawnToWidth(draw, { "data-lines": lines.length, "data-points": numbers.length }),
  );
}

// The best of each search: what a day earned where it was searched, against what it earned where it was left out.

import { drawnToWidth, el, svg } from "front/elements.js";
import { pointed } from "front/study/pointing.js";
import { plotOf, roomy } from "front/study/scales.js";
import { count, number, perCent, plus } from "front/words.js";

const HEIGHT = 320;
const text = (value) => plus(perCent(value, 3), value);

/** Returns the drawing; nothing where no search has both. */
export function leftOutPlot({ splits, points, metric }) {
  const known = splits.filter((one) => one.in_day_pct !== null && one.out_day_pct !== null);
  if (known.length === 0) return el("p", { class: "empty" }, "No search has a best that was tried where it was left out.");
  const x = { label: "A day that was searched", unit: "%", text };
  const y = { label: "a day that was left out", unit: "%", text };
  const ends = (name) => {
    const values = known.map((one) => one[name]).concat(0);
    return roomy([Math.min(...values), Math.max(...values)], 0.08);
  };
  const [xs, ys] = [ends("in_day_pct"), ends("out_day_pct")];
  const draw = (width) => {
    const at = plotOf(width, HEIGHT, [x, xs], [y, ys], `${y.label} against ${x.label}`);
    // Where both are alike, as far as that is in view.
    const [low, high] = [Math.max(xs[0], ys[0]), Math.min(xs[1], ys[1])];
    const alike = low < high && { x1: at.toX(low), y1: at.toY(low), x2: at.toX(high), y2: at.toY(high) };
    const marks = known.map((one) => ({ one, x: at.toX(one.in_day_pct), y: at.toY(one.out_day_pct) }));
    const drawing = at.draw(
      svg("line", { class: "zero", x1: at.toX(xs[0]), x2: at.toX(xs[1]), y1: at.toY(0), y2: at.toY(0) }),
      alike && svg("line", { class: "base", ...alike }),
      marks.map((mark) => svg("circle", { class: "dots trial", cx: mark.x, cy: mark.y, r: 5 })),
    );
    const told = ({ one }) => [
      `Search ${count(one.number)}, left out ${one.tests.join(", ")}`,
      [
        ["a day searched", text(one.in_day_pct)],
        ["a day left out", text(one.out_day_pct)],
        [`${metric.text} in, out`, `${number(one.in_value, 3)}, ${number(one.out_value, 3)}`],
        ...(one.out_rank === null ? [] : [["rank where left out", rankText(one.out_rank, points)]]),
        ...Object.entries(one.params),
      ],
    ];
    return pointed(drawing, marks, told);
  };
  return el(
    "div",
    { id: "left-out" },
    drawnToWidth(draw, { "data-points": known.length }),
    el("p", { class: "note" }, "Below the dashed line a day earned less where it was left out than where it was searched."),
  );
}

/** A rank as people count: 1 is the best. */
export const rankText = (rank, points) => `${number(points + 1 - rank, rank % 1 === 0 ? 0 : 1)} of ${count(points)}`;

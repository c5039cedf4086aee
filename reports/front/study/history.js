// What each trial reached, in the order in which they were made, and the best until then.

import { drawnToWidth, el, svg } from "front/elements.js";
import { pointed } from "front/study/pointing.js";
import { dots, path, plotOf, reach, roomy } from "front/study/scales.js";
import { columnChoice, trialLines } from "front/study/trials.js";
import { count } from "front/words.js";

const HEIGHT = 280;
const COUNTED = { label: "trial", unit: "", kind: "int", text: count };

/** The rows at which the best value of those before changes, with the value from there on. */
export function bestUntil(trials, metric) {
  const sign = metric.direction === "minimise" ? -1 : 1;
  const steps = [];
  for (const row of trials.rows) {
    const value = metric.values[row];
    if (trials.state[row] !== "ranked" || value === null) continue;
    if (steps.length === 0 || sign * value > sign * steps[steps.length - 1].value) steps.push({ row, value });
  }
  return steps;
}

function drawHistory(width, trials, metric, base) {
  const { numbers, state } = trials;
  const ranked = trials.rows.filter((row) => state[row] === "ranked" && metric.values[row] !== null);
  const without = trials.rows.filter((row) => metric.values[row] === null || state[row] !== "ranked");
  const values = ranked.map((row) => metric.values[row]);
  const [low, high] = reach(values, metric.direction);
  const ys = roomy(base === null ? [low, high] : [Math.min(low, base), Math.max(high, base)], 0.06);
  const last = Math.max(1, numbers[numbers.length - 1]);
  const at = plotOf(width, HEIGHT, [COUNTED, roomy([0, last], 0.015)], [metric, ys], `${metric.label} by trial`);
  const place = (row) => [at.toX(numbers[row]), at.toY(metric.values[row])];
  const steps = bestUntil(trials, metric);
  const stairs = steps.flatMap(({ row, value }, which) => {
    const until = which + 1 < steps.length ? numbers[steps[which + 1].row] : last;
    return [numbers[row], until].map((number) => [at.toX(number), at.toY(value)]);
  });
  const size = ranked.length > 2000 ? 2 : ranked.length > 300 ? 3 : 5;
  const drawing = at.draw(
    base !== null && [
      svg("line", { class: "base", x1: at.left, x2: at.right, y1: at.toY(base), y2: at.toY(base) }),
      svg("text", { x: at.right, y: at.toY(base) - 5, "text-anchor": "end", class: "haloed" }, "as it stands"),
    ],
    svg("path", { class: "dots trial", d: dots(ranked.map(place), size) }),
    svg("path", {
      class: "dots without",
      d: dots(
        without.map((row) => [at.toX(numbers[row]), at.bottom - 3]),
        4,
      ),
    }),
    stairs.length > 0 && svg("path", { class: "best-until", d: path(stairs) }),
  );
  const marks = [
    ...ranked.map((row) => [row, ...place(row)]),
    ...without.map((row) => [row, at.toX(numbers[row]), at.bottom - 3]),
  ]
    .map(([row, x, y]) => ({ row, x, y }))
    .sort((one, other) => one.row - other.row);
  return pointed(drawing, marks, ({ row }) => trialLines(trials, row, metric));
}

export function history(trials) {
  const { base } = trials.study;
  let metric = trials.metrics[0];
  const box = el("div", { id: "history-drawing" });
  const said = el("span", { class: "note" });
  const show = () => {
    const place = trials.objectives.indexOf(metric);
    const known = trials.rows.filter((row) => trials.state[row] === "ranked" && metric.values[row] !== null);
    const [low, high] = reach(
      known.map((row) => metric.values[row]),
      metric.direction,
    );
    const beyond = known.filter((row) => metric.values[row] < low || metric.values[row] > high).length;
    const without = trials.rows.length - known.length;
    const parts = [
      "line: the best until then",
      beyond > 0 && `${count(beyond)} far worse ones at the edge`,
      without > 0 && `${count(without)} without a value at the foot`,
    ];
    said.textContent = parts.filter(Boolean).join("; ");
    box.dataset.points = known.length;
    box.replaceChildren(drawnToWidth((width) => drawHistory(width, trials, metric, place < 0 ? null : base[place])));
  };
  const chosen = (one) => {
    metric = one;
    show();
  };
  show();
  const searched = trials.metrics.filter((one) => one.direction !== null);
  return [el("div", { class: "controls" }, columnChoice("Of", searched, metric, chosen), said), box];
}

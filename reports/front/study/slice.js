// One parameter against a figure, a dot for every point.

import { drawnToWidth, el, svg } from "front/elements.js";
import { pointed } from "front/study/pointing.js";
import { dots, plotOf, rangeOf, star } from "front/study/scales.js";
import { columnChoice, trialLines } from "front/study/trials.js";

const HEIGHT = 260;

function drawSlice(width, trials, { parameter, metric }, rows) {
  const [xs, ys] = [rangeOf(parameter, rows), rangeOf(metric, rows)];
  const at = plotOf(width, HEIGHT, [parameter, xs], [metric, ys], `${metric.label} over ${parameter.label}`);
  const marks = rows.map((row) => ({ row, x: at.toX(parameter.values[row]), y: at.toY(metric.values[row]) }));
  marks.sort((one, other) => one.x - other.x || one.row - other.row);
  const best = marks.find((one) => one.row === trials.rowOf.get(trials.study.best[0]?.number));
  const size = rows.length > 2000 ? 2 : rows.length > 300 ? 3 : 5;
  const drawing = at.draw(
    svg("path", {
      class: "dots trial",
      d: dots(
        marks.map((one) => [one.x, one.y]),
        size,
      ),
    }),
    best && star(best.x, best.y),
  );
  return pointed(drawing, marks, ({ row }) => trialLines(trials, row, metric));
}

export function slice(trials) {
  const chosen = { parameter: trials.byImportance[0], metric: trials.metrics[0] };
  const box = el("div", { id: "slice-drawing" });
  const show = () => {
    const { parameter, metric } = chosen;
    const rows = trials.points.filter((row) => metric.values[row] !== null && parameter.values[row] !== null);
    box.dataset.points = rows.length;
    box.replaceChildren(drawnToWidth((width) => drawSlice(width, trials, chosen, rows)));
  };
  const set = (key) => (value) => {
    chosen[key] = value;
    show();
  };
  show();
  const controls = [
    columnChoice("Parameter", trials.parameters, chosen.parameter, set("parameter")),
    columnChoice("figure", trials.metrics, chosen.metric, set("metric")),
    el("span", { class: "note mark-star" }, "the best trial"),
  ];
  return [el("div", { class: "controls" }, controls), box];
}

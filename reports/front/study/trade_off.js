// Two figures against each other, and the trials than which no other is better in one and as good in the other.

import { drawnToWidth, el, svg } from "front/elements.js";
import { pointed } from "front/study/pointing.js";
import { dots, path, plotOf, reach, roomy } from "front/study/scales.js";
import { columnChoice, trialLines } from "front/study/trials.js";
import { count } from "front/words.js";

const HEIGHT = 320;
const SECOND = ["drawdown.max_drawdown_pct", "performance.total_return_pct"];

/** The rows on the front of two columns, the best in the first one first; of equal ones all. */
export function frontOf(rows, x, y) {
  const sign = (column) => (column.direction === "minimise" ? -1 : 1);
  const [across, up] = [(row) => sign(x) * x.values[row], (row) => sign(y) * y.values[row]];
  const sorted = [...rows].sort((one, other) => across(other) - across(one) || up(other) - up(one) || one - other);
  const front = [];
  let [best, from] = [-Infinity, Infinity];
  for (const row of sorted) {
    if (up(row) > best || (up(row) === best && across(row) === from)) {
      front.push(row);
      [best, from] = [up(row), across(row)];
    }
  }
  return front;
}

function drawFront(width, trials, { x, y }, rows, front) {
  const [xs, ys] = [x, y].map((one) =>
    roomy(
      reach(
        rows.map((row) => one.values[row]),
        one.direction,
      ),
    ),
  );
  const at = plotOf(width, HEIGHT, [x, xs], [y, ys], `${y.label} against ${x.label}`);
  const place = (row) => [at.toX(x.values[row]), at.toY(y.values[row])];
  const on = new Set(front);
  const stairs = front.flatMap((row, which) => {
    const [px, py] = place(row);
    return which === 0
      ? [[px, py]]
      : [
          [px, place(front[which - 1])[1]],
          [px, py],
        ];
  });
  const drawing = at.draw(
    svg("path", {
      class: "dots trial",
      d: dots(rows.filter((row) => !on.has(row)).map(place), rows.length > 2000 ? 2 : 4),
    }),
    svg("path", { class: "front-line", d: path(stairs) }),
    front.map((row) => {
      const [px, py] = place(row);
      return svg("path", { class: "on-front", d: `M${px} ${py - 6}l6 6l-6 6l-6 -6z` });
    }),
  );
  const marks = rows.map((row) => ({ row, x: place(row)[0], y: place(row)[1] }));
  marks.sort((one, other) => on.has(other.row) - on.has(one.row) || one.x - other.x);
  return pointed(drawing, marks, ({ row }) => trialLines(trials, row, x, y));
}

export function tradeOff(trials) {
  const searched = trials.metrics.filter((one) => one.direction !== null);
  const [first, second] = trials.objectives;
  const others = searched.filter((one) => one !== first && one.label !== first.label);
  const named = SECOND.map((name) => others.find((one) => one.key === name)).find(Boolean);
  const chosen = { x: second ?? named ?? others[0], y: first };
  if (!chosen.x) return null;
  const box = el("div", { id: "front-drawing" });
  const said = el("span", { class: "note" });
  const show = () => {
    const { x, y } = chosen;
    const rows = trials.ranked.filter((row) => x.values[row] !== null && y.values[row] !== null);
    const front = frontOf(rows, x, y);
    const way = (one) => (one.direction === "minimise" ? "less" : "more");
    said.textContent = `${count(front.length)} of ${count(rows.length)} points are on the front: ${way(x)} ${x.label} and ${way(y)} ${y.label} are better`;
    box.dataset.front = front.map((row) => trials.numbers[row]).join(" ");
    box.replaceChildren(
      rows.length
        ? drawnToWidth((width) => drawFront(width, trials, chosen, rows, front))
        : el("p", { class: "empty" }, "No trial has both."),
    );
  };
  const set = (key) => (value) => {
    chosen[key] = value;
    show();
  };
  show();
  const controls = [
    columnChoice("Across", searched, chosen.x, set("x")),
    columnChoice("up", searched, chosen.y, set("y")),
    said,
  ];
  return [el("div", { class: "controls" }, controls), box];
}

// What else could have come of the best trial: quantiles of its equity, and the way that it went.

import { unpackNumbers } from "front/columns.js";
import { choice, drawnToWidth, el, svg } from "front/elements.js";
import { table } from "front/figures.js";
import { pointed } from "front/study/pointing.js";
import { path, plotOf, roomy } from "front/study/scales.js";
import { moneyText } from "front/study/trials.js";
import { count, number, perCent } from "front/words.js";

const HEIGHT = 320;

function drawFan(width, fan, way, quote) {
  const { steps } = way;
  const bands = way.bands.map(unpackNumbers);
  const actual = unpackNumbers(way.actual);
  const all = [...bands.flat(), ...actual];
  const money = moneyText(quote);
  const x = { label: `${way.unit} since the start`, unit: "", kind: "int", text: count };
  const y = { label: "equity", unit: quote, text: money };
  const ys = roomy([Math.min(...all), Math.max(...all)], 0.05);
  const at = plotOf(
    width,
    HEIGHT,
    [x, [0, steps[steps.length - 1]]],
    [y, ys],
    `Equity of the best trial, ${way.called}`,
  );
  const line = (values) => values.map((value, place) => [at.toX(steps[place]), at.toY(value)]);
  const area = (low, high) => `${path([...line(low), ...line(high).reverse()])}z`;
  const [p05, p25, p50, p75, p95] = bands;
  const drawing = at.draw(
    svg("path", { class: "fan outer", d: area(p05, p95) }),
    svg("path", { class: "fan inner", d: area(p25, p75) }),
    svg("line", { class: "zero", x1: at.left, x2: at.right, y1: at.toY(fan.start), y2: at.toY(fan.start) }),
    svg("path", { class: "fan-middle", d: path(line(p50)) }),
    svg("path", { class: "fan-actual", d: path(line(actual)) }),
  );
  const marks = steps.map((step, place) => ({ place, x: at.toX(step), y: at.toY(p50[place]) }));
  const told = ({ place }) => {
    const named = fan.quantiles.map((one, which) => [perCent(100 * one, 0), money(bands[which][place])]);
    return [`After ${count(steps[place])} ${way.unit}`, [["as it was", money(actual[place])], ...named.reverse()]];
  };
  return pointed(drawing, marks, told, {
    nearest: (px) => marks.reduce((best, one) => (Math.abs(one.x - px) < Math.abs(best.x - px) ? one : best)),
    shape: (mark) => svg("line", { class: "pointer", x1: mark.x, x2: mark.x, y1: at.top, y2: at.bottom }),
  });
}

function waysTable(fan, quote) {
  const money = moneyText(quote);
  const share = (value) => perCent(100 * value, 1);
  const heads = [
    "Drawn again",
    "Equity 5 %",
    "50 %",
    "95 %",
    "Drawdown 50 %",
    "95 %",
    "as it was",
    "ends lower",
    "ruin",
  ];
  const rows = fan.ways.map((way) => {
    const [equity, down] = [unpackNumbers(way.final_equity), unpackNumbers(way.max_drawdown_pct)];
    return [
      way.called,
      ...[equity[0], equity[2], equity[4]].map(money),
      ...[down[2], down[4], way.actual_drawdown_pct].map((one) => perCent(one, 1)),
      share(way.loss_probability),
      share(way.ruin_probability),
    ];
  });
  return table(heads, rows, { texts: 1 });
}

/** The parts of the section; null where nothing could be drawn again. */
export function fanParts({ fan, quote }) {
  if (fan === null || fan.ways.length === 0) return null;
  const box = el("div", { id: "fan-drawing" });
  const said = el("p", {});
  const show = (place) => {
    const way = fan.ways[place];
    said.textContent = `${way.called}: ${way.sentence}.`;
    box.dataset.points = way.steps.length;
    box.replaceChildren(drawnToWidth((width) => drawFan(width, fan, way, quote)));
  };
  show(0);
  const made = [
    `trial ${fan.trial}`,
    `${count(fan.paths)} paths, seed ${fan.seed}`,
    fan.block !== null && `blocks of ${number(fan.block, 1)} days on average`,
  ];
  const key = [
    ["outer", "5 to 95 % of the paths"],
    ["inner", "25 to 75 %"],
    ["middle", "middle"],
    ["actual", "as it was"],
  ].map(([kind, text]) => el("span", {}, el("i", { class: `key ${kind}` }), text));
  const { block, break_even_slippage, ...ways } = fan.undefined;
  const reasons = [...new Set(Object.values(ways))];
  return [
    el(
      "div",
      { class: "controls" },
      fan.ways.length > 1 &&
        choice(
          "How it is drawn again",
          fan.ways.map((one, place) => [place, one.called]),
          (value) => show(Number(value)),
        ),
      el("span", { class: "note" }, made.filter(Boolean).join(", ")),
    ),
    el("p", { class: "scale note" }, key),
    box,
    said,
    waysTable(fan, quote),
    reasons.length > 0 && el("p", { class: "note" }, `Not drawn: ${reasons.join("; ")}.`),
  ];
}

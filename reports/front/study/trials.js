// The trials of a study as columns: its parameters, what was searched for, figures, and how values of each are said.

import { unpackNumbers, unpackWords } from "front/columns.js";
import { el } from "front/elements.js";
import { figureText } from "front/figures.js";
import { label, number } from "front/words.js";

const GROUPS = {
  performance: "Performance",
  drawdown: "Drawdown",
  risk_adjusted: "Risk-adjusted",
  trade_quality: "Trade quality",
  entry_friction: "Costs",
  liquidation_proximity: "Liquidation",
};
const MONEY = "¤";

/** Numbers of parameters and scales: as many digits as tell them apart. */
export const plain = (value) =>
  value === null
    ? "n/a"
    : String(Number(value.toPrecision(6)))
        .replace("-", "−")
        .replace("e+", "e");

export function moneyText(quote) {
  return (value) => number(value, Math.abs(value) < 10 ? 4 : 2) + (quote ? ` ${quote}` : "");
}

function unitOf(name, quote) {
  if (name.endsWith("_pct")) return "%";
  if (name.endsWith("_minutes")) return "min";
  if (name.endsWith("days")) return "days";
  return figureText(name, 1, () => MONEY) === MONEY ? quote : "";
}

function parameterOf(packed) {
  const values = unpackNumbers(packed.values);
  const isChoice = packed.kind === "choice";
  const text = isChoice ? (value) => packed.choices[value] ?? "n/a" : plain;
  return { ...packed, label: packed.name, isChoice, values, text, unit: "", direction: null };
}

// A figure or an objective: `name` is that of the figure, null for an expression.
function metricOf(key, name, title, group, packed, quote) {
  const short = name === null ? null : name.slice(name.lastIndexOf(".") + 1);
  const money = moneyText(quote);
  return {
    key,
    label: title,
    group,
    direction: packed.direction,
    unit: short === null ? "" : unitOf(short, quote),
    values: unpackNumbers(packed.values),
    text: (value) => (short === null ? number(value, 4) : figureText(short, value, money)),
  };
}

export function unpackStudy(study) {
  const { trials, quote } = study;
  const objectives = trials.objectives.map((one, place) =>
    metricOf(`objective ${place}`, one.figure, one.metric, "Searched for", one, quote),
  );
  const figures = trials.figures.map((one) => {
    const group = one.name.includes(".") ? one.name.slice(0, one.name.indexOf(".")) : "";
    const title = label(one.name.slice(one.name.indexOf(".") + 1));
    return metricOf(one.name, one.name, title, GROUPS[group] ?? (group ? label(group) : "Result"), one, quote);
  });
  const state = unpackWords(trials.state);
  const again = unpackNumbers(trials.again);
  const rows = state.map((_, row) => row);
  const numbers = unpackNumbers(trials.number);
  return {
    study,
    rows,
    numbers,
    state,
    // Every point once.
    points: rows.filter((row) => !again[row]),
    ranked: rows.filter((row) => state[row] === "ranked" && !again[row]),
    rowOf: new Map(numbers.map((one, row) => [one, row])),
    parameters: trials.parameters.map(parameterOf),
    objectives,
    metrics: [...objectives, ...figures],
  };
}

/** What a trial is, as lines of a label and a value: its parameters, what was searched for, and further columns. */
export function trialLines(trials, row, ...further) {
  const shown = [...new Set([...trials.parameters, ...trials.objectives, ...further])];
  return [`Trial ${trials.numbers[row]}`, shown.map((one) => [one.label, one.text(one.values[row])])];
}

/** The best of some rows by a column; null where none has a value. */
export function bestRow(rows, { values, direction }) {
  const sign = direction === "minimise" ? -1 : 1;
  let best = null;
  for (const row of rows) {
    if (values[row] !== null && (best === null || sign * values[row] > sign * values[best])) best = row;
  }
  return best;
}

/** A choice of columns, in groups; `chosen` gets the column. */
export function columnChoice(text, columns, selected, chosen) {
  const groups = new Map();
  columns.forEach((one, place) => {
    const option = el("option", { value: place, selected: one === selected }, one.label);
    groups.set(one.group, [...(groups.get(one.group) ?? []), option]);
  });
  const parts = [...groups].map(([name, options]) => (name ? el("optgroup", { label: name }, options) : options));
  const select = el("select", { onchange: () => chosen(columns[Number(select.value)]) }, parts);
  return el("label", { class: "chosen" }, `${text} `, select);
}

/** The name of a column with its unit, as an axis has it. */
export const axisTitle = ({ label: name, unit }) => (unit ? `${name}, ${unit}` : name);

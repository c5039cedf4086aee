// The best trials with how much luck there is in each, and what statistics of luck say of the first.

import { el } from "front/elements.js";
import { figureText, table } from "front/figures.js";
import { tileRow, toldFacts } from "front/page_frame.js";
import { moneyText } from "front/study/trials.js";
import { count, number, perCent, sentence } from "front/words.js";

const FIGURES = [
  ["Return", "performance.total_return_pct"],
  ["Max drawdown", "drawdown.max_drawdown_pct"],
  ["Sharpe", "risk_adjusted.sharpe"],
  ["Profit factor", "trade_quality.profit_factor"],
];
const SURE = 0.95;

export function bestTable({ study, objectives }) {
  const money = moneyText(study.quote);
  const names = study.trials.parameters.map((one) => one.name);
  const front = new Set(study.front);
  const searched = new Set(study.trials.objectives.map((one) => one.figure));
  const figures = FIGURES.filter(([, name]) => !searched.has(name));
  const again = study.best.some((one) => one.again !== null);
  const heads = [
    "Trial",
    ...(front.size > 0 ? ["Front"] : []),
    ...objectives.map((one) => one.label),
    "PSR",
    "DSR",
    ...names,
    "Trades",
    ...figures.map(([title]) => title),
    ...(again ? ["Run again"] : []),
  ];
  const sure = (value) => ({ text: number(value, 3), kind: value !== null && value >= SURE ? "best" : "" });
  const rows = study.best.map((one) => [
    count(one.number),
    ...(front.size > 0 ? [front.has(one.number) ? "yes" : ""] : []),
    ...one.objectives.map((value, place) => ({ text: objectives[place].text(value), kind: "best" })),
    sure(one.probabilistic_sharpe),
    sure(one.deflated_sharpe),
    ...names.map((name) => one.params[name] ?? ""),
    count(one.trades),
    ...figures.map(([, name]) => figureText(name.slice(name.indexOf(".") + 1), one.figures[name], money)),
    ...(again ? [one.again ?? ""] : []),
  ]);
  const texts = front.size > 0 ? 2 : 1;
  return el("div", { id: "best-table" }, table(heads, rows, { texts }));
}

export function luckWords({ luck, stability }) {
  if (luck === null) return null;
  return [
    el("p", { class: "lead", id: "luck-sentence" }, sentence(luck.sentence)),
    luck.beside && el("p", { id: "tried-beside" }, sentence(luck.beside)),
    stability && el("p", {}, sentence(stability)),
  ];
}

const PSR_WORDS =
  "PSR and DSR: how probable it is that the true Sharpe ratio is above 0, and above what luck would have found in as " +
  `many trials; from ${SURE} on it is called sure.`;
export const psrNote = () => el("p", { class: "note" }, PSR_WORDS);

export const luckFacts = ({ luck }) => toldFacts(luck.facts);

export function tiles({ study, objectives }) {
  const { counts, luck, best } = study;
  const [first] = best;
  const shown = [];
  if (first) {
    const under = Object.entries(first.params).map(([name, value]) => `${name} ${value}`);
    shown.push([
      `Best ${objectives[0].label}`,
      objectives[0].text(first.objectives[0]),
      `trial ${first.number}: ${under.join(", ")}`,
    ]);
  }
  if (luck) {
    const chance = luck.beaten_by_chance === null ? "n/a" : perCent(100 * luck.beaten_by_chance, 0);
    shown.push([
      "Beaten by chance",
      chance,
      `how often the best of ${count(luck.tried)} worthless strategies has a higher Sharpe ratio`,
    ]);
    shown.push(["Deflated Sharpe ratio", number(luck.deflated_sharpe, 3), `asked for: ${SURE}`]);
    shown.push([
      "Sharpe of the best",
      number(luck.sharpe),
      `of as many worthless ones ${number(luck.expected_best_sharpe)} is expected`,
    ]);
    shown.push(["Probability of overfitting", number(luck.overfitting), "0.5 is a choice that means nothing"]);
  }
  const beside = [
    [counts.failed, "failed"],
    [counts.unranked, "not ranked"],
    [counts.duplicates, "answered by earlier ones"],
    [counts.refused, "points refused"],
  ];
  const words = beside.filter(([many]) => many > 0).map(([many, text]) => `${count(many)} ${text}`);
  shown.push(["Trials", count(counts.trials), [`${count(counts.points)} points`, ...words].join(", ")]);
  return tileRow(shown);
}

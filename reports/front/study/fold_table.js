// Folds: what was found in one part of the past, and what it came to in the next.

import { el } from "front/elements.js";
import { table } from "front/figures.js";
import { moneyText } from "front/study/trials.js";
import { count, day, minute, number, perCent, tone } from "front/words.js";

const DAY_MS = 86_400_000;

export function foldTable({ study, objectives }) {
  const { folds } = study;
  const said = (at) => (at % DAY_MS ? minute(at) : day(at));
  const span = ({ start_ms: from, end_ms: to }) => `${said(from)} – ${said(to)}`;
  const names = study.trials.parameters.map((one) => one.name);
  const [first] = objectives;
  const money = moneyText(study.quote);
  const signed = first.direction === "maximise" && folds.some((one) => one.in_value < 0 || one.out_value < 0);
  const value = (one) => ({ text: one === null ? "n/a" : first.text(one), kind: signed ? tone(one) : "" });
  const heads = [
    "Fold",
    "Searched",
    "Tested",
    ...names,
    `${first.label} in`,
    "out",
    "Efficiency",
    "Trades",
    "Max drawdown",
    "Balance",
  ];
  const rows = folds.map((one) => [
    count(one.number),
    span(one.train),
    span(one.test),
    ...names.map((name) => one.params[name] ?? "n/a"),
    value(one.in_value),
    value(one.out_value),
    number(one.efficiency),
    count(one.trades),
    perCent(one.max_drawdown_pct),
    one.balance === null ? "n/a" : money(one.balance),
  ]);
  return [el("div", { id: "fold-table" }, table(heads, rows, { texts: 3 }))];
}

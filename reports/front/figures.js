// Figures in tables, by group and by what trades have in common.

import { bars } from "front/drawings.js";
import { el } from "front/elements.js";
import { count, label, minute, moneyOf, number, perCent, plus, tone, UNDEFINED } from "front/words.js";

const TITLES = {
  performance: "Performance",
  drawdown: "Drawdown",
  risk_adjusted: "Risk-adjusted",
  trade_quality: "Trade quality",
  entry_friction: "Entry friction",
  margin_stress: "Margin stress",
  liquidation_proximity: "Liquidation proximity",
  exposure: "Exposure",
  benchmark: "Against buy and hold",
};

const MONEY = new Set([
  "starting_balance",
  "final_equity",
  "net_profit",
  "realized_pnl",
  "max_drawdown_abs",
  "average_win",
  "average_loss",
  "best_trade",
  "worst_trade",
  "expectancy",
  "average_mae",
  "average_mfe",
  "ambiguous_bound",
  "gross_profit",
  "result_before_costs",
  "commission",
  "slippage",
  "spread",
  "funding",
  "total_costs",
  "cost_per_trade",
  "break_even_cost_per_trade",
  "least_free_margin",
]);

// A figure of the metrics as text, by its name: per cent, money, a count or a ratio.
export function figureText(name, value, money) {
  if (value === null || value === undefined) return UNDEFINED;
  if (typeof value !== "number") return String(value);
  if (name.endsWith("_pct")) return perCent(value);
  if (MONEY.has(name)) return money(value);
  if (name.endsWith("_minutes")) return `${number(value, 1)} min`;
  if (name.endsWith("days")) return `${number(value, 1)} days`;
  return Number.isInteger(value) ? count(value) : number(value, 3);
}

export const plainFigures = (metrics) =>
  Object.keys(TITLES).map((group) => [
    group,
    TITLES[group],
    Object.entries(metrics[group]).filter(([, value]) => value === null || typeof value !== "object"),
  ]);

export function allFigures(run) {
  const money = moneyOf(run);
  const groups = plainFigures(run.metrics).map(([group, title, figures]) =>
    el(
      "div",
      { class: "group" },
      el("h3", {}, title),
      el(
        "table",
        { class: "facts" },
        figures
          .filter(([, value]) => value !== null)
          .map(([name, value]) => {
            const signed = /pnl|return|profit$|alpha|expectancy/.test(name) ? tone(value) : "";
            return el(
              "tr",
              {},
              el("th", { scope: "row" }, label(name)),
              el("td", { class: signed }, figureText(name, value, money)),
            );
          }),
        undefinedFigures(run, group, figures),
      ),
    ),
  );
  const sampled = `Ratios of returns: ${run.sampling}. Drawdowns are of equity at every step. Results are net of commission, slippage, spread and funding.`;
  return [el("p", { class: "note" }, sampled), el("div", { class: "groups" }, groups)];
}

// Figures without a value, by the reason that they have none.
function undefinedFigures(run, group, figures) {
  const names = new Map();
  for (const [name] of figures.filter(([, value]) => value === null)) {
    const reason = run.metrics.undefined[`${group}.${name}`] ?? "not defined";
    names.set(reason, [...(names.get(reason) ?? []), label(name)]);
  }
  return [...names].map(([reason, own]) =>
    el("tr", { class: "undefined" }, el("td", { colspan: 2 }, el("b", {}, UNDEFINED), ` ${own.join(", ")}: ${reason}`)),
  );
}

export function deepest(run) {
  const money = moneyOf(run);
  const found = run.metrics.drawdown.deepest;
  if (found.length === 0) return el("p", { class: "empty" }, "Equity was never below its peak.");
  const heads = ["Depth", "", "Peak", "Lowest", "Recovered", "Length"];
  const rows = found.map((one) => [
    perCent(one.depth_pct),
    money(one.depth),
    minute(one.peak_ms),
    minute(one.lowest_ms),
    one.recovered_ms === null ? "not yet" : minute(one.recovered_ms),
    `${number(one.length_days, 1)} days`,
  ]);
  return table(heads, rows);
}

export function table(heads, rows, { texts = 0 } = {}) {
  const kind = (place) => (place < texts ? "" : "figure");
  return el(
    "div",
    { class: "scroll" },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heads.map((head, place) => el("th", { scope: "col", class: kind(place) }, head)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            row.map((cell, place) => el("td", { class: `${kind(place)} ${cell?.kind ?? ""}` }, cell?.text ?? cell)),
          ),
        ),
      ),
    ),
  );
}

const BY = [
  ["symbol", "Symbol"],
  ["side", "Side"],
  ["reason", "Exit"],
  ["tag", "Tag"],
  ["weekday", "Weekday"],
  ["hour", "Hour (UTC)"],
];

export function groups(run) {
  const money = moneyOf(run);
  const shown = BY.filter(([by]) => run.metrics.trades_by[by].length > (by === "tag" ? 1 : 0));
  return shown.map(([by, title]) => {
    const own = run.metrics.trades_by[by];
    const drawing = bars(
      own.map((one) => {
        const said = `${count(one.trades)} trades, ${perCent(one.win_rate_pct, 1)} won, profit factor ${number(one.profit_factor)}, expectancy ${money(one.expectancy)}`;
        return [`${(one.key || "none").replaceAll("_", " ")} (${count(one.trades)})`, one.net_profit, said];
      }),
      (value) => plus(money(value, false), value),
    );
    return el(
      "figure",
      { class: by === "hour" ? "whole" : "" },
      el(
        "figcaption",
        {},
        el("b", {}, title),
        " ",
        el("span", { class: "note" }, `net result${run.quote ? `, ${run.quote}` : ""}`),
      ),
      drawing,
    );
  });
}

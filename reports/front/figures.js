// Figures as tiles and tables, settings, hashes, and what held orders back.

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

export function tiles(run) {
  const { metrics } = run;
  const money = moneyOf(run);
  const {
    performance,
    drawdown,
    risk_adjusted: risk,
    trade_quality: trades,
    entry_friction: friction,
    benchmark,
    exposure,
  } = metrics;
  const why = (name) => metrics.undefined[name];
  const tile = (name, text, { kind = "", under = "", reason = null, wide = false } = {}) =>
    el(
      "div",
      { class: `tile ${wide ? "wide" : ""}`, title: reason },
      el("span", { class: "name" }, name),
      el("strong", { class: text === UNDEFINED ? "muted" : kind }, text),
      el("span", { class: "under" }, text === UNDEFINED && reason ? reason : under),
    );
  const held = benchmark.total_return_pct;
  return el(
    "div",
    { class: "tiles" },
    tile("Total return", plus(perCent(performance.total_return_pct), performance.total_return_pct), {
      kind: tone(performance.total_return_pct),
      under: `${plus(money(performance.net_profit), performance.net_profit)}${held === null ? "" : ` · buy and hold ${plus(perCent(held), held)}`}`,
      reason: why("performance.total_return_pct"),
      wide: true,
    }),
    tile("Maximum drawdown", perCent(drawdown.max_drawdown_pct), {
      under: `${money(drawdown.max_drawdown_abs)} · under water ${perCent(drawdown.time_under_water_pct, 0)} of the time`,
      reason: why("drawdown.max_drawdown_pct"),
      wide: true,
    }),
    tile("Sharpe", number(risk.sharpe), {
      under: `Sortino ${number(risk.sortino)}`,
      reason: why("risk_adjusted.sharpe"),
    }),
    tile("CAGR", perCent(performance.cagr_pct), {
      kind: tone(performance.cagr_pct),
      under: `Calmar ${number(risk.calmar)}`,
      reason: why("performance.cagr_pct"),
    }),
    tile("Profit factor", number(trades.profit_factor), {
      under: `payoff ${number(trades.payoff_ratio)}`,
      reason: why("trade_quality.profit_factor"),
    }),
    tile("Win rate", perCent(trades.win_rate_pct, 1), {
      under: `${count(trades.wins)} won, ${count(trades.losses)} lost`,
      reason: why("trade_quality.win_rate_pct"),
    }),
    tile("Expectancy", money(trades.expectancy), {
      kind: tone(trades.expectancy),
      under:
        trades.expectancy_r === null
          ? "a trade"
          : `${plus(number(trades.expectancy_r), trades.expectancy_r)} R a trade`,
      reason: why("trade_quality.expectancy"),
    }),
    tile("Trades", count(trades.trades), {
      under: `in the market ${perCent(exposure.time_in_market_pct, 0)} of the time`,
    }),
    tile("Costs", money(friction.total_costs), {
      under: friction.total_share_pct === null ? "" : `${perCent(friction.total_share_pct, 0)} of gross profit`,
    }),
    tile("Volatility", perCent(risk.volatility_pct), {
      under: `worst day ${perCent(performance.worst_day_pct)}`,
      reason: why("risk_adjusted.volatility_pct"),
    }),
  );
}

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

// What bounded the sizes, and what kept signals from orders and orders from fills.
export function bounds(run) {
  const { statistics } = run.result;
  const entries = Object.values(statistics.sizes_bound_by).reduce((sum, one) => sum + one, 0);
  const words = (name) => name.replaceAll("_", " ");
  const listed = (reasons) => Object.entries(reasons).sort(([, one], [, other]) => other - one);
  const sizes = listed(statistics.sizes_bound_by);
  const parts = [];
  if (entries > 0) {
    const [bound, many] = sizes[0];
    parts.push(
      el(
        "p",
        { class: "lead" },
        "Risk asked ",
        el("b", {}, perCent(statistics.risk_asked_pct)),
        ", median taken ",
        el("b", {}, perCent(statistics.risk_taken_pct)),
        ": ",
        el("b", {}, words(bound)),
        ` bound ${perCent((100 * many) / entries, 0)} of ${count(entries)} entries.`,
      ),
    );
  }
  const kinds = [
    ["Size set by", sizes],
    ["Refused", listed(statistics.refusal_reasons)],
    ["Rejected by the venue", listed(statistics.rejection_reasons)],
    ["Expired", listed(statistics.expiry_reasons)],
    ["Cancelled", listed(statistics.cancellation_reasons)],
    ["Exits (fills)", listed(statistics.exits)],
  ];
  const figures = kinds
    .filter(([, found]) => found.length > 0)
    .map(([title, found]) =>
      el(
        "figure",
        {},
        el("figcaption", {}, el("b", {}, title)),
        bars(
          found.map(([name, many]) => [words(name), many]),
          count,
        ),
      ),
    );
  const told = `${count(statistics.signals_generated)} signals, ${count(statistics.signals_refused)} refused, ${count(statistics.orders_submitted)} orders, ${count(statistics.entries_filled)} entries filled, ${count(statistics.gaps)} gaps, ${count(statistics.halts)} halts.`;
  return [...parts, el("p", { class: "note" }, told), el("div", { class: "plots" }, figures)];
}

// A path that may be broken behind its dots and underscores.
export const breakable = (path) => path.split(/(?<=[._])/).flatMap((part) => [part, el("wbr")]);

// Settings by their path, one a row.
export function flat(value, path = "") {
  if (
    value === null ||
    typeof value !== "object" ||
    (Array.isArray(value) && value.every((one) => one === null || typeof one !== "object"))
  ) {
    return [[path, Array.isArray(value) ? `[${value.join(", ")}]` : JSON.stringify(value)]];
  }
  const inside = Object.entries(value).flatMap(([key, one]) => flat(one, path ? `${path}.${key}` : key));
  return inside.length ? inside : [[path, Array.isArray(value) ? "[]" : "{}"]];
}

export function settings(run) {
  const rows = flat(run.settings).map(([path, text]) => [
    path,
    el("tr", {}, el("th", { scope: "row" }, breakable(path)), el("td", { class: "code" }, text)),
  ]);
  const search = el("input", {
    type: "search",
    placeholder: "Filter settings",
    "aria-label": "Filter settings",
    oninput: () => rows.forEach(([path, node]) => (node.hidden = !path.includes(search.value.trim()))),
  });
  return el(
    "details",
    {},
    el("summary", {}, `${count(rows.length)} settings`),
    el("div", { class: "controls" }, search),
    el(
      "div",
      { class: "scroll" },
      el(
        "table",
        { class: "facts wide" },
        rows.map(([, node]) => node),
      ),
    ),
  );
}

export function identity(run) {
  const { result } = run;
  const names = [
    "run_id",
    "code_version",
    "settings_sha256",
    "strategy_sha256",
    "data_sha256",
    "trades_sha256",
    "orders_sha256",
    "ledger_sha256",
  ];
  const rows = names
    .filter((name) => result[name] !== undefined)
    .map((name) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "code" }, result[name])));
  return el("div", { class: "scroll" }, el("table", { class: "facts wide" }, rows));
}

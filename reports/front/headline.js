// The figures that a page begins with.

import { el } from "front/elements.js";
import { count, moneyOf, number, perCent, plus, tone, UNDEFINED } from "front/words.js";

export function headline(run) {
  const { undefined: reasons } = run.metrics;
  const tiles = [...wideTiles(run), ...returnTiles(run), ...tradeTiles(run)];
  return el(
    "div",
    { class: "tiles" },
    tiles.map(({ name, text, kind = "", under = "", figure, wide = false }) => {
      const reason = text === UNDEFINED ? reasons[figure] : null;
      return el(
        "div",
        { class: `tile ${wide ? "wide" : ""}` },
        el("span", { class: "name" }, name),
        el("strong", { class: text === UNDEFINED ? "muted" : kind }, text),
        el("span", { class: "under" }, reason ?? under),
      );
    }),
  );
}

function wideTiles(run) {
  const { performance, drawdown, benchmark } = run.metrics;
  const money = moneyOf(run);
  const [total, net, held] = [performance.total_return_pct, performance.net_profit, benchmark.total_return_pct];
  const beside = held === null ? "" : ` · buy and hold ${plus(perCent(held), held)}`;
  return [
    {
      name: "Total return",
      text: plus(perCent(total), total),
      kind: tone(total),
      under: plus(money(net), net) + beside,
      figure: "performance.total_return_pct",
      wide: true,
    },
    {
      name: "Maximum drawdown",
      text: perCent(drawdown.max_drawdown_pct),
      under: `${money(drawdown.max_drawdown_abs)} · under water ${perCent(drawdown.time_under_water_pct, 0)} of the time`,
      figure: "drawdown.max_drawdown_pct",
      wide: true,
    },
  ];
}

function returnTiles(run) {
  const { performance, risk_adjusted: risk } = run.metrics;
  return [
    {
      name: "Sharpe",
      text: number(risk.sharpe),
      under: `Sortino ${number(risk.sortino)}`,
      figure: "risk_adjusted.sharpe",
    },
    {
      name: "CAGR",
      text: perCent(performance.cagr_pct),
      kind: tone(performance.cagr_pct),
      under: `Calmar ${number(risk.calmar)}`,
      figure: "performance.cagr_pct",
    },
    {
      name: "Volatility",
      text: perCent(risk.volatility_pct),
      under: `worst day ${perCent(performance.worst_day_pct)}`,
      figure: "risk_adjusted.volatility_pct",
    },
  ];
}

function tradeTiles(run) {
  const { trade_quality: trades, entry_friction: friction, exposure } = run.metrics;
  const money = moneyOf(run);
  const [r, share, inMarket] = [trades.expectancy_r, friction.total_share_pct, exposure.time_in_market_pct];
  return [
    {
      name: "Profit factor",
      text: number(trades.profit_factor),
      under: `payoff ${number(trades.payoff_ratio)}`,
      figure: "trade_quality.profit_factor",
    },
    {
      name: "Win rate",
      text: perCent(trades.win_rate_pct, 1),
      under: `${count(trades.wins)} won, ${count(trades.losses)} lost`,
      figure: "trade_quality.win_rate_pct",
    },
    {
      name: "Expectancy",
      text: money(trades.expectancy),
      kind: tone(trades.expectancy),
      under: r === null ? "a trade" : `${plus(number(r), r)} R a trade`,
      figure: "trade_quality.expectancy",
    },
    {
      name: "Trades",
      text: count(trades.trades),
      under: inMarket === null ? "" : `in the market ${perCent(inMarket, 0)} of the time`,
    },
    {
      name: "Costs",
      text: money(friction.total_costs),
      under: share === null ? "" : `${perCent(share, 0)} of gross profit`,
    },
  ];
}

// The page of one run.

import { accountCharts } from "front/account_charts.js";
import { unpackNumbers, unpackTrades } from "front/columns.js";
import { calendar, cloud, histogram, monthlyTable } from "front/drawings.js";
import { el, section } from "front/elements.js";
import { allFigures, deepest, groups, table } from "front/figures.js";
import { headline } from "front/headline.js";
import { badge, rangeText, statusBadge, symbolBadges, titled, warningsPart } from "front/page_frame.js";
import { priceChart } from "front/price_chart.js";
import { rollingCharts } from "front/rolling_charts.js";
import { bounds, identity, settings } from "front/run_facts.js";
import { tradesTable } from "front/trades_table.js";
import { triggerLog } from "front/trigger_log.js";
import { count, moneyOf, perCent, plus, tone } from "front/words.js";

const KINDS = { backtest: "Backtest", live: "Live paper session" };

export function runHead(run) {
  const { config } = run.result;
  return titled(config.strategy, `on ${config.exchange}`, [
    badge(KINDS[run.kind] ?? run.kind, "accent"),
    statusBadge(run.status),
    badge(config.interval),
    symbolBadges(config.symbols),
    badge(run.curve.points === 0 ? "no step" : rangeText(run.start_ms, run.end_ms)),
    badge(run.id, "code"),
  ]);
}

function warnings({ warnings: texts }) {
  const first = "Before you believe it";
  return warningsPart(texts, texts.length === 1 ? first : `${first}: ${texts.length} notes`);
}

function distributions(run, trades) {
  const unit = run.quote || "quote";
  const inR = trades.some((trade) => trade.r !== null);
  const [name, share] = inR
    ? ["R", (value, trade) => (trade.r === null || value === null ? null : value / trade.risk)]
    : [unit, (value) => value];
  const pairs = (column, way) =>
    trades.map((trade) => [
      share(trade[column], trade) === null ? null : way * share(trade[column], trade),
      share(trade.realized_pnl, trade),
    ]);
  return el(
    "div",
    { class: "plots", id: "distributions" },
    histogram(
      "Results of trades",
      trades.map((trade) => trade.realized_pnl),
      unit,
    ),
    inR
      ? histogram(
          "Results in R",
          trades.map((trade) => trade.r),
          "R",
        )
      : histogram(
          "Holding times",
          trades.map((trade) => trade.held_ms / 3_600_000),
          "hours",
        ),
    cloud("MAE and result", "how far it went against the trade (across), what it brought (up)", pairs("mae", -1), name),
    cloud("MFE and result", "how far it went for the trade (across), what it brought (up)", pairs("mfe", 1), name),
    trades.some((trade) => trade.mae !== null) &&
      histogram(
        "MAE",
        trades.map((trade) => share(trade.mae, trade)).map((one) => (one === null ? null : -one)),
        name,
      ),
    trades.some((trade) => trade.mfe !== null) &&
      histogram(
        "MFE",
        trades.map((trade) => share(trade.mfe, trade)),
        name,
      ),
  );
}

function daysTable(run) {
  const { performance } = run.metrics;
  const names = [
    ["Best day", "best_day_pct"],
    ["Worst day", "worst_day_pct"],
    ["Days above 0", "positive_days_pct"],
    ["Best month", "best_month_pct"],
    ["Worst month", "worst_month_pct"],
    ["Months above 0", "positive_months_pct"],
  ];
  return el(
    "table",
    { class: "facts" },
    names.map(([text, name]) =>
      el("tr", {}, el("th", { scope: "row" }, text), el("td", {}, perCent(performance[name]))),
    ),
  );
}

function symbolsTable(run) {
  const money = moneyOf(run);
  const rows = Object.entries(run.result.symbols).map(([symbol, one]) => [
    symbol,
    count(one.trades),
    { text: plus(money(one.realized_pnl, false), one.realized_pnl), kind: tone(one.realized_pnl) },
    perCent(one.trades > 0 ? one.win_rate : null, 1),
    perCent(one.buy_and_hold_return_pct),
    count(one.candles),
    count(one.missing_candles + one.missing_before + one.missing_after),
    `${one.instrument.tick_size} / ${one.instrument.lot_size}`,
  ]);
  return table(["Symbol", "Trades", "Result", "Win rate", "Buy and hold", "Candles", "Missing", "Tick / lot"], rows, {
    texts: 1,
  });
}

/** Returns the parts of the page, and what is to be called when they stand in it; `beside` is that of the price chart. */
export function runPage(run, beside = null) {
  const trades = unpackTrades(run.trades);
  const account = accountCharts(run, trades);
  const prices = priceChart(run, trades, beside);
  const show =
    prices.show &&
    ((trade) => {
      prices.show(trade);
      document.getElementById("price").scrollIntoView({ behavior: "smooth", block: "start" });
    });
  const returns = run.days ? unpackNumbers(run.days.return_pct) : [];
  const parts = [
    headline(run),
    warnings(run),
    section("equity", "Equity", "Equity, drawdown and exposure", ...account.parts),
    section(
      "months",
      "Months",
      "Returns by month and day",
      monthlyTable(run.metrics.months),
      returns.length > 0 && el("div", { class: "days" }, calendar(run.days.first_day, returns), daysTable(run)),
    ),
    section("price", "Price", "Price and trades", ...prices.parts, beside?.part),
    section("trades", "Trades", "Trades", ...tradesTable(run, trades, show)),
    run.triggers && section("triggers", "Triggers", "What woke the program, and what came of it", ...triggerLog(run)),
    trades.length > 0 && section("shape", "Distribution", "How trades came out", distributions(run, trades)),
    section(
      "groups",
      "Breakdown",
      "Where the result comes from",
      symbolsTable(run),
      el("div", { class: "plots" }, groups(run)),
    ),
    section("drawdowns", "Drawdowns", "Deepest drawdowns", deepest(run)),
    section(
      "rolling",
      "Rolling",
      "Rolling Sharpe ratio and win rate",
      el("div", { class: "plots" }, rollingCharts(run)),
    ),
    section("bounds", "Sizes and refusals", "What bounded the sizes, and what was refused", ...bounds(run)),
    section("figures", "Figures", "All figures", ...allFigures(run)),
    section("made", "Settings", "What the run was made of", identity(run), settings(run)),
  ];
  return {
    parts,
    ready: () => {
      account.fit();
      prices.open?.();
    },
  };
}

// The page of a portfolio: the whole account and its members, how it was divided, how they go together.

import { unpackNumbers, unpackTimes } from "front/columns.js";
import { bars } from "front/drawings.js";
import { el, section } from "front/elements.js";
import { table } from "front/figures.js";
import { linePlot } from "front/line_plot.js";
import { fillPage, heldData, marketHead, tileRow, toldFacts, warningsPart } from "front/page_frame.js";
import { count, label, minute, number, perCent, plus, tone } from "front/words.js";

const WHOLE = "whole";
const UNITS = "Return of a unit of money that was there from the start: cash that moves is no return.";

export function openPortfolio(document) {
  showPortfolio(document.body, heldData(document).portfolio);
}

export function showPortfolio(body, run) {
  fillPage(body, { title: head(run), parts: partsOf(run) });
}

const head = (run) =>
  marketHead(run, run.number === null ? "portfolio session" : `portfolio ${run.number}`, "Portfolio");

const signed = (value) => ({ text: plus(perCent(value), value), kind: tone(value) });

function partsOf(run) {
  const days = unpackTimes(run.days);
  const money = (value) => number(value, 2);
  const line = (name, values, strong = false) => ({ name, days, values, strong });
  const grown = (values, start) => values.map((one) => 100 * (one / start - 1));
  const percent = { unit: "%", text: (value) => perCent(value), zero: 0 };
  const { members } = run;
  const whole = unpackNumbers(run.equity);
  const owned = members.map((one) => unpackNumbers(one.equity_by_day));
  return [
    tiles(run, money),
    warningsPart(run.warnings, "Before you believe it"),
    section(
      "equity",
      "Equity",
      "The whole account and its members",
      el("p", { class: "note" }, UNITS),
      linePlot(
        "Return",
        [
          line(WHOLE, grown(whole, run.capital), true),
          ...members.map((one) => line(one.name, grown(unpackNumbers(one.units), one.starting_balance))),
        ],
        percent,
      ),
      linePlot(
        "Below the peak",
        [
          line(WHOLE, unpackNumbers(run.underwater_pct), true),
          ...members.map((one) => line(one.name, unpackNumbers(one.underwater_pct))),
        ],
        { ...percent, height: 220 },
      ),
      el("div", { id: "member-table" }, memberTable(members, money)),
    ),
    section(
      "allocation",
      "Allocation",
      "How the account was divided",
      linePlot(
        "Share of the account",
        members.map((one, place) => line(one.name, owned[place].map((value, row) => share(value, whole[row])))),
        { unit: "%", text: (value) => perCent(value, 1), first: 1 },
      ),
      ...transfers(run, money),
    ),
    section("brought", "Contribution", "What each member brings to the whole", ...contribution(members)),
    section(
      "together",
      "Together",
      "How the members go together",
      el(
        "div",
        { class: "plots" },
        matrix("Correlation of daily returns", members, run.correlation.returns),
        matrix("Correlation of draw-downs, by days", members, run.correlation.drawdowns),
      ),
      el(
        "p",
        { class: "note" },
        `Of ${count(run.correlation.days)} days. What earns on different days can still be down at the same time.`,
      ),
    ),
    section("limits", "Limits", "What limits stopped", ...limits(members)),
    section("made", "Made of", "What the portfolio is made of", toldFacts(run.facts), settings(members)),
  ];
}

const share = (value, whole) => (whole > 0 ? (100 * value) / whole : null);

function tiles(run, money) {
  const { performance: whole, members } = run;
  const unit = run.quote ? ` ${run.quote}` : "";
  return tileRow([
    [
      "Total return",
      plus(perCent(whole.total_return_pct), whole.total_return_pct),
      `${plus(money(whole.total_return), whole.total_return)}${unit} of ${money(run.capital)}`,
      tone(whole.total_return),
    ],
    ["Maximum drawdown", perCent(whole.max_drawdown_pct), "of the whole account, at every step"],
    ["Sharpe", number(whole.sharpe_ratio), `Sortino ${number(whole.sortino_ratio)}`],
    ["Members", count(members.length), members.map((one) => one.name).join(", ")],
    ["Trades", count(whole.trades), `${count(whole.winning_trades)} won`],
    ["Moved between members", `${money(moved(run))}${unit}`, `in ${count(run.rebalances.length)} rebalancings`],
  ]);
}

const moved = ({ rebalances }) =>
  rebalances.flatMap((one) => one.shares).reduce((sum, one) => sum + Math.max(0, one.moved), 0);

function memberTable(members, money) {
  const account = ["Weight", "In the end", "Begins", "Received", "Ends"];
  const heads = ["Member", ...account, "Return", "Max drawdown", "Sharpe", "Trades", "Won"];
  const rows = members.map((one) => [
    one.name,
    number(one.weight, 3),
    number(one.last_weight, 3),
    money(one.starting_balance),
    plus(money(one.transferred), one.transferred),
    money(one.equity),
    signed(one.total_return_pct),
    perCent(one.max_drawdown_pct),
    number(one.sharpe_ratio),
    count(one.trades),
    count(one.winning_trades),
  ]);
  return table(heads, rows, { texts: 1 });
}

const SHOWN_TRANSFERS = 12;

function transfers({ rebalances, members }, money) {
  if (rebalances.length === 0) return [el("p", { class: "note" }, "No cash moved between the members.")];
  const heads = ["When", "Rests on", ...members.flatMap((one) => [one.name, "to have", "moved", "not moved"])];
  const rows = rebalances.map((one) => [
    minute(one.time_ms),
    one.basis.replaceAll("_", " "),
    ...one.shares.flatMap((part) => [
      money(part.equity),
      `${money(part.target)} (${perCent(100 * part.weight, 1)})`,
      { text: plus(money(part.moved), part.moved), kind: tone(part.moved) },
      money(part.not_moved),
    ]),
  ]);
  const made = table(heads, rows, { texts: 2 });
  return [
    el("h3", {}, "Rebalancings"),
    el(
      "div",
      { id: "transfer-table" },
      rows.length <= SHOWN_TRANSFERS
        ? made
        : el("details", {}, el("summary", {}, `All ${count(rows.length)} rebalancings`), made),
    ),
  ];
}

function contribution(members) {
  const heads = ["Member", "Return", "Of the variance", "In the deepest drawdown", "Daily volatility without it"];
  const rows = members.map(({ name, contribution: own }) => [
    name,
    signed(own.return_pct),
    perCent(own.volatility_share === null ? null : 100 * own.volatility_share, 1),
    perCent(own.drawdown_pct),
    perCent(own.volatility_without_pct, 3),
  ]);
  const drawn = [
    ["Profit, % of the capital", (one) => one.return_pct],
    ["Part of the variance of daily returns, %", (one) => one.volatility_share && 100 * one.volatility_share],
    ["Lost in the deepest drawdown, %", (one) => one.drawdown_pct],
  ].map(([title, of]) => {
    const known = members.filter((one) => typeof of(one.contribution) === "number");
    if (known.length === 0) return null;
    const made = bars(
      known.map((one) => [one.name, of(one.contribution), ""]),
      (value) => perCent(value),
    );
    return el("figure", {}, el("figcaption", {}, el("b", {}, title)), made);
  });
  const said = "Each column but the last adds up to that of the whole; below 0 in the deepest drawdown it earned.";
  return [
    el("div", { class: "plots" }, drawn),
    el("div", { id: "contribution-table" }, table(heads, rows, { texts: 1 })),
    el("p", { class: "note" }, said),
  ];
}

const heat = (value) => (value === null ? "" : `--heat: ${Math.round(70 * Math.abs(value))}%`);

// A correlation above 0 is what one does not want of members: it has the colour of a loss.
function matrix(title, members, values) {
  const rows = members.map((one, row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, one.name),
      values[row].map((value) =>
        el("td", { class: `heat figure ${tone(value === null ? 0 : -value)}`, style: heat(value) }, number(value)),
      ),
    ),
  );
  const names = members.map((one) => el("th", { scope: "col", class: "figure" }, one.name));
  const heads = el("tr", {}, el("th", {}), names);
  const made = el("table", {}, el("thead", {}, heads), el("tbody", {}, rows));
  return el("figure", {}, el("figcaption", {}, el("b", {}, title)), el("div", { class: "scroll" }, made));
}

function limits(members) {
  const rows = members.flatMap((one) =>
    one.limits_hit.map((hit) => [
      one.name,
      label(hit.limit),
      hit.what === "halt" ? "halted" : "refused entries",
      count(hit.times),
      minute(hit.first_ms),
      minute(hit.last_ms),
    ]),
  );
  if (rows.length === 0) return [el("p", { class: "empty" }, "No limit stopped anything.")];
  const heads = ["Member", "Limit", "What it did", "Times", "First", "Last"];
  return [el("div", { id: "limit-table" }, table(heads, rows, { texts: 3 }))];
}

function settings(members) {
  const rows = members.map((one) => [one.name, one.run_id, one.settings_sha256]);
  return table(["Member", "Run", "Settings"], rows, { texts: 3 });
}

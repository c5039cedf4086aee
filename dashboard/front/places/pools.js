// Pools: conditions that wake a program, tried alone on stored candles.

import { ask, part, send } from "front/board/client.js";
import { date, field, figure, select, text, words } from "front/board/fields.js";
import { button, card, confirmed, empty, facts, head, link, plainTable } from "front/board/parts.js";
import { guarded } from "front/board/problems.js";
import { go, hashOf } from "front/board/routes.js";
import { guard } from "front/board/unsaved.js";
import { el } from "front/elements.js";
import { badge, warningsPart } from "front/page_frame.js";
import { tried } from "front/places/trials.js";
import { count, minute, perCent, price, tone } from "front/words.js";

const OPS = ["<", "<=", ">", ">=", "crosses_above", "crosses_below"];
// What was changed and not kept, by pool, for as long as the page is open.
const drafts = new Map();
guard(() => drafts.size > 0);
const FIRST = { name: "", all: [{ feature: "rsi(14)", op: "<", value: 30 }], symbols: [] };

export const wayTo = (id) => hashOf(["pools", id]);
const logicOf = (pool) => (pool.any ? "any" : "all");
const conditionsOf = (pool) => pool.any ?? pool.all ?? [];

const said = (one) =>
  [one.symbol, one.feature, one.period && `on ${one.period}`, one.op.replace("_", " "), String(one.value)]
    .filter(Boolean)
    .join(" ");

/** The pools, with what each waits for. */
export function poolsTable(pools) {
  const columns = [
    {
      head: "Pool",
      cell: (one) => [link(wayTo(one.id), one.id), el("div", { class: "note" }, one.pool?.name ?? "")],
    },
    {
      head: "Wakes when",
      cell: ({ pool, problem }) =>
        problem
          ? [badge("cannot be read", "warning"), el("div", { class: "note" }, problem)]
          : [
              conditionsOf(pool).length > 1 && el("div", { class: "note" }, `${logicOf(pool)} of`),
              conditionsOf(pool).map((one) => el("div", { class: "code" }, said(one))),
            ],
    },
    { head: "Symbols", cell: ({ pool }) => (pool?.symbols?.length > 0 ? pool.symbols.join(", ") : "all traded") },
    { head: "How often", cell: ({ pool }) => pool && often(pool) },
    { head: "Kept", cell: (one) => (one.version ? `here, version ${one.version}` : "in the folder") },
  ];
  const none = "There is no pool yet: write one, and a program is woken when its conditions are met.";
  return plainTable(columns, pools, { id: "pools", none });
}

const often = ({ mode, cooldown }) =>
  [
    mode === "level" ? "at every candle" : "when they become met",
    cooldown && `then quiet for ${cooldown}${typeof cooldown === "number" ? " candles" : ""}`,
  ]
    .filter(Boolean)
    .join(", ");

export async function poolPage(at) {
  const [id] = at.words;
  const [pools, configurations] = await Promise.all(
    ["pools", "configurations"].map((path) => ask(path, { signal: at.signal })),
  );
  const own = pools.find((one) => one.id === id);
  const first = own?.pool ?? { ...FIRST, name: id };
  const form = poolForm(drafts.get(id) ?? first);
  let [version, before] = [own?.version, JSON.stringify(poolForm(first).value())];
  let rested = version ?? 0;
  const changed = () => JSON.stringify(form.value()) !== before;
  const outcome = el("div", { id: "pool-outcome" });
  const state = el("span", { class: "note", role: "status", id: "pool-state" });
  const tell = () => {
    const said = version ? `kept here, version ${version}` : own ? "in the folder of pools" : "not kept yet";
    state.replaceChildren(changed() ? badge("changed", "accent") : said);
  };
  tell();
  for (const kind of ["input", "change", "click"]) form.node.addEventListener(kind, tell);
  at.onLeave(() => (changed() ? drafts.set(id, form.value()) : drafts.delete(id)));
  at.onLeave(guard(changed));
  const keep = button(
    "Keep",
    async () => {
      const pool = form.value();
      try {
        version = (await send("PUT", `pools/${part(id)}`, { pool, after: rested })).version;
      } catch (error) {
        // Whoever was told that another version came first keeps his own by keeping it once more.
        if (error.status === 409) rested = await lastVersion(id, at);
        throw error;
      }
      rested = version;
      before = JSON.stringify(pool);
      tell();
    },
    { kind: "main", id: "keep-pool" },
  );
  const remove = button(
    "Remove",
    async () => {
      const explained = "A file of the folder of pools that has its id counts again. Runs have their own copies.";
      if (!(await confirmed(`Remove pool ${id}?`, explained, "Remove"))) return;
      await send("DELETE", `pools/${part(id)}`);
      before = JSON.stringify(form.value());
      go(["programs"]);
    },
    { kind: "danger" },
  );
  const alone = trial(configurations, form, outcome, at);
  return {
    name: `Pool ${id}`,
    head: head(id, "a pool", state),
    parts: [
      own?.problem && empty(own.problem),
      card("Conditions", form.node, el("div", { class: "controls" }, keep, own?.version && remove)),
      card("Alone on history", alone, outcome),
    ].filter(Boolean),
  };
}

// A pool as fields: { node, value() } in the form of a pool's file.
function poolForm(pool) {
  const name = text({ id: "pool-name", maxlength: 100, value: pool.name ?? "" });
  const logic = select(
    [
      ["all", "all are met"],
      ["any", "any is met"],
    ],
    { id: "pool-logic" },
  );
  logic.value = logicOf(pool);
  const symbols = text({ id: "pool-symbols", value: (pool.symbols ?? []).join(", ") });
  const mode = select(
    [
      ["edge", "when they become met"],
      ["level", "at every candle at which they are"],
    ],
    { id: "pool-mode" },
  );
  mode.value = pool.mode ?? "edge";
  const quiet = text({ id: "pool-cooldown", value: pool.cooldown ?? "", placeholder: "none" });
  const place = el("div", { id: "conditions" });
  const rows = new Set();
  const add = (condition) => {
    const row = conditionRow(condition, () => {
      rows.delete(row);
      row.node.remove();
    });
    rows.add(row);
    place.append(row.node);
    return row;
  };
  for (const one of conditionsOf(pool)) add(one);
  const more = button("Another condition", () => add({ feature: "", op: "<", value: "" }).focus(), { id: "add" });
  const node = el(
    "div",
    {},
    el("div", { class: "fields" }, field("Name", name), field("Wakes when", logic)),
    place,
    el("div", { class: "controls" }, more),
    el(
      "div",
      { class: "fields" },
      field("Symbols", symbols, "Those that are looked at; empty is all that are traded."),
      field("How often", mode),
      field("Then quiet for", quiet, "A time such as 4h, or a number of candles."),
    ),
  );
  const value = () => ({
    name: name.value.trim(),
    [logic.value]: [...rows].map((one) => one.value()),
    symbols: words(symbols.value),
    mode: mode.value,
    cooldown: numberOr(quiet.value) ?? undefined,
  });
  return { node, value };
}

// 0 where none is kept here by now.
const lastVersion = async (id, { signal }) =>
  (await ask("pools", { signal })).find((one) => one.id === id)?.version ?? 0;

const numberOr = (typed) => {
  const said = typed.trim();
  return said === "" ? null : Number.isNaN(Number(said)) ? said : Number(said);
};

function conditionRow(condition, gone) {
  const named = (name, value, more) =>
    text({ "aria-label": name, "data-condition": name.toLowerCase(), placeholder: name, value: value ?? "", ...more });
  const feature = named("Feature", condition.feature, { placeholder: "rsi(14)", required: true });
  const op = select(
    OPS.map((one) => [one, one.replace("_", " ")]),
    { "aria-label": "Comparison" },
  );
  op.value = condition.op;
  const against = named("Value", condition.value, { placeholder: "30 or ema(50)", required: true });
  const period = named("Candles", condition.period, { placeholder: "own candles" });
  const symbol = named("Symbol", condition.symbol, { placeholder: "the one looked at" });
  const remove = el(
    "button",
    { type: "button", class: "quiet", "aria-label": "Remove the condition", onclick: gone },
    "×",
  );
  return {
    node: el("div", { class: "condition" }, feature, op, against, period, symbol, remove),
    focus: () => feature.focus(),
    value: () => ({
      feature: feature.value.trim(),
      op: op.value,
      value: numberOr(against.value) ?? "",
      period: period.value.trim() || undefined,
      symbol: symbol.value.trim() || undefined,
    }),
  };
}

function trial(configurations, form, outcome, at) {
  const config = select(
    configurations.map((one) => [one, one]),
    { id: "try-config" },
  );
  // A newcomer has no account anywhere, and no network perhaps.
  if (configurations.includes("practice.yaml")) config.value = "practice.yaml";
  const symbols = text({ id: "try-symbols", placeholder: "of the configuration" });
  const timeframe = text({ id: "try-timeframe", placeholder: "of the configuration" });
  const start = date({ id: "try-start", value: "2024-01-01", required: true });
  const end = date({ id: "try-end", value: "2024-02-01", required: true });
  const run = el("button", { type: "submit", id: "try" }, "Try it");
  const submitted = guarded(async (event) => {
    event.preventDefault();
    run.disabled = true;
    try {
      const asked = {
        pool: form.value(),
        config: config.value,
        symbols: words(symbols.value).length > 0 ? words(symbols.value) : undefined,
        timeframe: timeframe.value.trim() || undefined,
        start_date: start.value,
        end_date: end.value,
      };
      const found = await tried("pools/test", asked, at, outcome);
      if (found !== null) outcome.replaceChildren(...came(found));
    } finally {
      run.disabled = false;
    }
  });
  return el(
    "form",
    { onsubmit: submitted },
    el(
      "div",
      { class: "fields" },
      field("Configuration", config, "Its market; nothing is traded."),
      field("Symbols", symbols),
      field("Candles", timeframe),
      field("From", start, "UTC."),
      field("To", end, "UTC, exclusive."),
    ),
    el("div", { class: "controls" }, run),
  );
}

function came({ total, candles, timeframe, by_symbol: symbols, by_regime: regimes, forward, triggers, warnings }) {
  const counted = (found) =>
    Object.entries(found)
      .map(([name, one]) => `${name} ${count(one)}`)
      .join(" · ");
  const after = [
    { head: "After candles", figure: true, cell: (one) => count(one.candles) },
    { head: "Triggers", figure: true, cell: (one) => count(one.count) },
    { head: "Mean", figure: true, tone: (one) => tone(one.mean_pct), cell: (one) => perCent(one.mean_pct, 3) },
    { head: "Median", figure: true, tone: (one) => tone(one.median_pct), cell: (one) => perCent(one.median_pct, 3) },
    { head: "Above 0", figure: true, cell: (one) => perCent(one.above_pct, 1) },
    { head: "Every candle: mean", figure: true, cell: (one) => perCent(one.all_mean_pct, 3) },
    { head: "Above 0", figure: true, cell: (one) => perCent(one.all_above_pct, 1) },
  ];
  const each = [
    { head: "Time (UTC)", cell: (one) => minute(Date.parse(one.time)) },
    { head: "Symbol", cell: (one) => one.symbol },
    { head: "Price", figure: true, cell: (one) => price(one.price) },
    {
      head: "What was met",
      cell: (one) => one.met.map((met) => el("div", { class: "code" }, metText(met, one.symbol))),
    },
    ...[1, 4, 24].map((candles) => ({
      head: `After ${candles}`,
      figure: true,
      tone: (one) => tone(one.forward_pct[candles]),
      cell: (one) => perCent(one.forward_pct[candles], 2),
    })),
  ];
  return [
    el("p", { class: "lead", role: "status" }, `${count(total)} trigger${total === 1 ? "" : "s"}`),
    warningsPart(warnings, "About the candles"),
    facts([
      ["Candles looked at", `${count(candles)} of ${timeframe}`],
      ["By symbol", counted(symbols)],
      ["By regime", counted(regimes)],
    ]),
    el("h3", {}, "What the price did then"),
    plainTable(after, forward, { id: "pool-forward" }),
    total > triggers.length && el("p", { class: "note" }, `The last ${count(triggers.length)} are shown.`),
    plainTable(each, triggers, { id: "pool-triggers", none: "It wakes nobody in that time." }),
  ].filter(Boolean);
}

/** A condition that was met, with its values; the symbol is said where it is another one. */
export const metText = (met, symbol) =>
  [
    met.symbol !== symbol && met.symbol,
    met.feature,
    met.period && `on ${met.period}`,
    "=",
    short(met.value),
    met.op.replace("_", " "),
    short(met.threshold),
  ]
    .filter(Boolean)
    .join(" ");

const short = (value) => price(Number(value.toPrecision(6)));

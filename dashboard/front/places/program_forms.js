// What a program is run on: when it is woken, its market; on history, or as a paper session.

import { part, send } from "front/board/client.js";
import { date, field, figure, numberOf, select, text, words } from "front/board/fields.js";
import { button, empty } from "front/board/parts.js";
import { guarded } from "front/board/problems.js";
import { go } from "front/board/routes.js";
import { el } from "front/elements.js";
import { follow } from "front/places/run.js";
import { triedTable } from "front/places/trigger_log.js";
import { tried } from "front/places/trials.js";

const SHIPPED = "practice.yaml";

/** The form; `through(id)` hears of a run that is made, `started` takes what is under way. */
export function programForm(name, pools, configurations, text_, { started, through, at }) {
  if (configurations.length === 0) {
    return empty("The folder of configurations is empty: start the server with --config DIR.");
  }
  const wakes = wakesPart(pools);
  const market = marketPart(configurations);
  const body = () => ({ ...wakes.value(), ...market.value() });
  const history = historyPart(name, text_, body, { started, through, at });
  const live = livePart(name, text_, body);
  return el(
    "form",
    { id: "ask", onsubmit: history.submitted },
    el("h3", {}, "When it is woken"),
    wakes.node,
    el("h3", {}, "On which market"),
    market.node,
    el("h3", {}, "On history"),
    history.node,
    el("h3", {}, "As a paper session"),
    live,
  );
}

function wakesPart(pools) {
  // In the order in which they were chosen, they wake.
  const woken = new Set();
  const choices = pools
    .filter((one) => !one.problem)
    .map(({ id, pool }) => {
      const onchange = () => (box.checked ? woken.add(id) : woken.delete(id));
      const box = el("input", { type: "checkbox", value: id, name: "pool", onchange });
      return el("label", { class: "tick", title: pool.name }, box, id);
    });
  const schedule = text({ id: "run-schedule", placeholder: "none", maxlength: 100 });
  const node = el(
    "div",
    {},
    el(
      "div",
      { class: "controls", role: "group", "aria-label": "Pools" },
      choices.length > 0 ? choices : el("span", { class: "note" }, "There is no pool yet."),
    ),
    el(
      "p",
      { class: "note" },
      "Pools wake it in the order in which they were chosen. Without pools and a schedule, its text says under ",
      el("code", {}, "TRIGGERS"),
      " what does.",
    ),
    el("div", { class: "fields" }, field("Schedule", schedule, "1h, 4h, 1d, or cron in UTC: 30 8 * * 1-5.")),
  );
  return { node, value: () => ({ pools: [...woken], schedule: schedule.value.trim() || undefined }) };
}

function marketPart(configurations) {
  const config = select(
    configurations.map((one) => [one, one]),
    { id: "run-config" },
  );
  if (configurations.includes(SHIPPED)) config.value = SHIPPED;
  const symbols = text({ id: "run-symbols", placeholder: "of the configuration" });
  const timeframe = text({ id: "run-timeframe", placeholder: "of the configuration" });
  const capital = figure({ id: "run-capital", min: 0, placeholder: "of the configuration" });
  const node = el(
    "div",
    { class: "fields" },
    field("Configuration", config, "Its market, risk and costs."),
    field("Symbols", symbols, "Such as BTC/USDT, ETH/USDT."),
    field("Candles", timeframe, "Such as 15m or 1h."),
    field("Capital", capital, "In quote currency."),
  );
  const value = () => ({
    config: config.value,
    symbols: words(symbols.value).length > 0 ? words(symbols.value) : undefined,
    timeframe: timeframe.value.trim() || undefined,
    initial_capital: capital.value || undefined,
  });
  return { node, value };
}

function historyPart(name, text_, body, { started, through, at }) {
  const start = date({ id: "run-start", value: "2024-01-01", required: true });
  const end = date({ id: "run-end", value: "2024-02-01", required: true });
  const called = text({ id: "run-name", maxlength: 200 });
  const run = el("button", { type: "submit", class: "main", id: "start" }, "Run it");
  const answered = el("div", { id: "tried" });
  const once = button(
    "Call it once",
    async () => {
      const { initial_capital: _, ...asked } = body();
      const calls = await tried("programs/try", { text: text_.value(), ...asked, at: end.value }, at, answered);
      if (calls !== null) answered.replaceChildren(triedTable(calls));
    },
    { id: "once", title: "In the sandbox, on the last candle before To; nothing is traded" },
  );
  const submitted = guarded(async (event) => {
    event.preventDefault();
    run.disabled = true;
    try {
      const { version } = await text_.stored();
      const asked = await send("POST", `programs/${part(name)}/run`, {
        version,
        ...body(),
        start_date: start.value,
        end_date: end.value,
        name: called.value.trim() || undefined,
      });
      started.prepend(follow(asked, at, () => through(asked.backtest_id)));
    } finally {
      run.disabled = false;
    }
  });
  const node = el(
    "div",
    {},
    el(
      "div",
      { class: "fields" },
      field("From", start, "UTC."),
      field("To", end, "UTC, exclusive."),
      field("Name", called, "What the run is called."),
    ),
    el("div", { class: "controls" }, run, once),
    answered,
  );
  return { node, submitted };
}

function livePart(name, text_, body) {
  const rehearsed = el("input", { type: "checkbox", checked: true, id: "session-rehearsed", onchange: () => show() });
  const start = text({ value: "2024-01-01", id: "session-start" });
  const speed = figure({ value: 20_000, min: 0, id: "session-speed" });
  const duration = text({ placeholder: "until it is stopped", id: "session-duration" });
  const called = text({ id: "session-name", maxlength: 100 });
  const rehearsal = [
    field("Exchange's time at the start", start, "UTC."),
    field("Speed", speed, "Exchange seconds a second: at 20,000 a day takes four seconds."),
  ];
  const show = () => rehearsal.forEach((one) => (one.hidden = !rehearsed.checked));
  const run = button(
    "Start the session",
    async () => {
      const { version } = await text_.stored();
      const made = await send("POST", `programs/${part(name)}/sessions`, {
        version,
        ...body(),
        rehearsal: rehearsed.checked ? { start: start.value || null, speed: numberOf(speed) } : undefined,
        duration: duration.value.trim() || undefined,
        name: called.value.trim() || undefined,
      });
      go(["live", made.id]);
    },
    { id: "session-run" },
  );
  return el(
    "div",
    {},
    el("p", {}, el("label", { class: "tick" }, rehearsed, "Rehearsal, on a practice exchange of its own")),
    el(
      "div",
      { class: "fields" },
      ...rehearsal,
      field("For", duration, "Of the exchange's time, such as 2d or 8h."),
      field("Name of its folder", called, "Left out: exchange, candles and time."),
    ),
    el("div", { class: "controls" }, run),
    el("p", { class: "note" }, "It has its own copy of the text and the pools, and goes on when this page is closed."),
  );
}

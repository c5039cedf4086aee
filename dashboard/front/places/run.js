// Asks for a backtest, of a configuration or a system, and shows how it goes.

import { ask, part, send } from "front/board/client.js";
import { date, field, figure, jsonOf, numberOf, schemaForm, select, text, words } from "front/board/fields.js";
import { button, card, empty, head, link, progress, statusOf } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { hashOf } from "front/board/routes.js";
import { playBack } from "front/places/playback.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";

const TIMEFRAMES = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"];
const AS_IS = "as in the configuration";
const SHIPPED = "practice.yaml";

export async function runPage(at) {
  const [configurations, strategies, systems] = await Promise.all(
    ["configurations", "strategies", "systems"].map((path) => ask(path, { signal: at.signal })),
  );
  const whole = systems.filter((one) => !one.problem);
  const started = el("div", { id: "started" });
  const ways = [
    ["config", "A configuration", configurationForm(configurations, strategies)],
    ["system", "A system", systemForm(whole, at.values)],
  ];
  const begin = at.values.system ? "system" : "config";
  const forms = el("div", {});
  let form = null;
  const choose = (name) => {
    form = ways.find(([own]) => own === name)[2];
    forms.replaceChildren(form.node);
  };
  const tabs = el(
    "div",
    { class: "controls", role: "radiogroup", "aria-label": "What is run" },
    ways.map(([name, said]) => {
      const box = el("input", {
        type: "radio",
        name: "way",
        value: name,
        checked: name === begin,
        onchange: () => choose(name),
      });
      return el("label", { class: "tick" }, box, said);
    }),
  );
  choose(begin);
  const run = el("button", { type: "submit", class: "main", id: "start" }, "Run the backtest");
  const play = button("Play it back instead", () => playBack({ asked: form.value() }), {
    title: "Nothing is written; you can step through it, and hold it still",
  });
  const submitted = guarded(async (event) => {
    event.preventDefault();
    run.disabled = true;
    try {
      const made = await send("POST", "backtest/run", form.value());
      started.prepend(follow(made, at));
    } finally {
      run.disabled = false;
    }
  });
  const whole_ = el(
    "form",
    { id: "ask", onsubmit: submitted },
    tabs,
    forms,
    el("div", { class: "controls" }, run, play),
  );
  return {
    name: "Run",
    head: head("Run", "a backtest"),
    parts: [started, el("section", { class: "card" }, whole_)],
  };
}

function systemForm(systems, { system, window } = {}) {
  if (systems.length === 0) {
    const node = empty(
      "There is no system in the folder of systems; ",
      link("#/systems", "Systems"),
      " says how one is made.",
    );
    return { node, value: () => ({}) };
  }
  const windows = select([], { id: "window" });
  const said = el("p", { class: "note" });
  const chooser = select(
    systems.map((one) => [one.id, one.id]),
    { id: "system", onchange: () => fill() },
  );
  const fill = () => {
    const own = systems.find((one) => one.id === chooser.value);
    windows.replaceChildren(
      ...Object.entries(own.windows).map(([name, span]) => el("option", { value: name }, `${name}: ${span}`)),
    );
    said.textContent = [own.description, own.strategy, own.exchange, own.timeframe, own.symbols.join(", ")].join(" · ");
  };
  // A newcomer has no account anywhere, and no network perhaps.
  const first = systems.find((one) => one.exchange === "practice") ?? systems[0];
  chooser.value = (systems.find((one) => one.id === system) ?? first).id;
  fill();
  if (window) windows.value = window;
  const name = text({ maxlength: 200, id: "system-name" });
  const node = el(
    "div",
    {},
    el(
      "div",
      { class: "fields" },
      field("System", chooser),
      field("Window", windows),
      field("Name", name, "What the run is called."),
    ),
    said,
  );
  return {
    node,
    value: () => ({ system: chooser.value, window: windows.value, name: name.value || undefined }),
  };
}

function configurationForm(configurations, strategies) {
  if (configurations.length === 0) {
    return {
      node: empty("The folder of configurations is empty: start the server with --config DIR."),
      value: () => ({}),
    };
  }
  const config = select(configurations.map((one) => [one, one]));
  if (configurations.includes(SHIPPED)) config.value = SHIPPED;
  const [symbols, name] = [text({ placeholder: AS_IS }), text({ maxlength: 200 })];
  const timeframe = select([["", AS_IS], ...TIMEFRAMES.map((one) => [one, one])]);
  const [start, end] = [date({ value: "2024-01-01", required: true }), date({ value: "2024-02-01", required: true })];
  const [capital, size, risk, commission, slippage] = Array.from({ length: 5 }, () =>
    figure({ placeholder: AS_IS, min: 0 }),
  );
  commission.removeAttribute("min");
  const offline = el("input", { type: "checkbox" });
  const further = el("textarea", {
    rows: 3,
    spellcheck: "false",
    class: "code",
    placeholder: '{"execution": {"latency_ms": 200}}',
  });
  const strategy = strategyFields(strategies);
  const named = {
    config,
    symbols,
    timeframe,
    start,
    end,
    name,
    capital,
    size,
    risk,
    commission,
    slippage,
    offline,
    further,
  };
  for (const [id, control] of Object.entries(named)) control.id = `run-${id}`;
  const node = el(
    "div",
    {},
    el(
      "div",
      { class: "fields" },
      field("Configuration", config, "What is left empty below is as it stands there."),
      field("Symbols", symbols, "Such as BTC/USDT, ETH/USDT."),
      field("Timeframe", timeframe),
      field("From", start, "UTC."),
      field("To", end, "UTC, exclusive."),
      field("Name", name, "What the run is called."),
    ),
    strategy.node,
    el("h3", {}, "Money and costs"),
    el(
      "div",
      { class: "fields" },
      field("Capital", capital, "In quote currency."),
      field("Position size", size, "Largest value of a position, as a fraction of equity: 0.05 is 5 %."),
      field("Risk per trade", risk, "Fraction of equity lost at the stop."),
      field("Commission", commission, "Fraction of each fill's notional: 0.0005 is 0.05 %."),
      field("Slippage", slippage, "Fraction of the price of market and stop fills."),
    ),
    el(
      "details",
      {},
      el("summary", {}, "More of the configuration"),
      el(
        "div",
        { class: "fields" },
        field("Other keys, as JSON", further, "Sections of the configuration; risk and trading_mode among them."),
        field("Offline", offline, "Use what is stored, and never the network."),
      ),
    ),
  );
  const costs = () => {
    const found = { commission: numberOf(commission), slippage: numberOf(slippage) };
    return found.commission === undefined && found.slippage === undefined ? undefined : found;
  };
  return {
    node,
    value: () => ({
      config: config.value,
      name: name.value || undefined,
      symbols: symbols.value.trim() ? words(symbols.value) : undefined,
      timeframe: timeframe.value || undefined,
      start_date: start.value,
      end_date: end.value,
      ...strategy.value(),
      initial_capital: capital.value || undefined,
      position_size: numberOf(size),
      risk_per_trade: numberOf(risk),
      costs: costs(),
      overrides: further.value.trim() ? jsonOf(further.value, "Other keys") : undefined,
      offline: offline.checked,
    }),
  };
}

// A strategy that is chosen is run with the parameters that are seen; else with those of the configuration.
function strategyFields(strategies) {
  const place = el("div", { id: "parameters" });
  const said = el("p", { class: "note" });
  let form = null;
  const fill = () => {
    const one = strategies.find((own) => own.name === chooser.value);
    form = one ? schemaForm(one.parameters, one.defaults) : null;
    said.textContent = one?.description ?? "";
    place.replaceChildren(...(form ? [form.node] : []));
  };
  const chooser = select([["", AS_IS], ...strategies.map((one) => [one.name, one.name])], {
    id: "run-strategy",
    onchange: fill,
  });
  const node = el(
    "div",
    {},
    el("h3", {}, "Strategy"),
    el("div", { class: "fields" }, field("Strategy", chooser)),
    said,
    place,
  );
  return { node, value: () => (form ? { strategy: chooser.value, strategy_params: form.value() } : {}) };
}

// A backtest that was asked for: how far it is, and where its result is.
function follow({ backtest_id: id, job, message }, at) {
  const shown = progress();
  const state = el("span", {}, statusOf("PENDING"));
  const ways = el("div", { class: "controls" });
  const end = button("Cancel", () => send("POST", `jobs/${job}/cancel`), { kind: "quiet" });
  const update = (told) => {
    state.replaceChildren(statusOf(told.status));
    shown.show(told);
    const over = told.status !== "PENDING" && told.status !== "RUNNING";
    const result = told.status === "COMPLETED" && link(hashOf(["results", id]), "Look at the result");
    ways.replaceChildren(...[result, link(hashOf(["jobs", job]), "Log of the job"), !over && end].filter(Boolean));
  };
  const reread = async () => {
    try {
      const told = await ask(`jobs/${part(job)}`, { signal: at.signal });
      update({ ...told, ...told.progress, eta_ms: told.progress.ends && Date.parse(told.progress.ends) });
    } catch (error) {
      tell(error);
    }
  };
  at.onLeave(listen([`job:${job}`], { submitted: update, progress: update, ended: update }, reread));
  update({ status: "PENDING" });
  reread();
  return card(null, el("p", { class: "lead" }, state, " ", message), shown.node, ways);
}

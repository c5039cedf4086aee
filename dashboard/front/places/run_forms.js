// What a run is asked for with: of a configuration with values in the place of its own, or of a system.

import { ask, part } from "front/board/client.js";
import { date, field, figure, jsonOf, schemaForm, select, text, words } from "front/board/fields.js";
import { empty, facts, link } from "front/board/parts.js";
import { tell } from "front/board/problems.js";
import { el } from "front/elements.js";
import { label } from "front/words.js";

const TIMEFRAMES = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"];
const SHIPPED = "practice.yaml";

// What a system has by itself is shown, and not to be changed: a run of it is evidence of it.
/** Returns { node, value(), ready } of a run of a system on one of its windows. */
export function systemForm(systems, at) {
  const { system, window } = at.values;
  if (systems.length === 0) {
    const node = empty(
      "There is no system in the folder of systems; ",
      link("#/systems", "Systems"),
      " says how one is made.",
    );
    return { node, value: () => ({}) };
  }
  const windows = select([], { id: "window" });
  const [said, values] = [el("p", { class: "note" }), el("div", { id: "system-values" })];
  const chooser = select(
    systems.map((one) => [one.id, one.id]),
    { id: "system", onchange: () => fill() },
  );
  const read = ownValues((id) => `systems/${part(id)}/values`, at);
  const fill = () => {
    const own = systems.find((one) => one.id === chooser.value);
    windows.replaceChildren(
      ...Object.entries(own.windows).map(([name, span]) => el("option", { value: name }, `${name}: ${span}`)),
    );
    said.textContent = own.description ?? "";
    return read(own.id, (found) => values.replaceChildren(valueFacts(found)));
  };
  // A newcomer has no account anywhere, and no network perhaps.
  const first = systems.find((one) => one.exchange === "practice") ?? systems[0];
  chooser.value = (systems.find((one) => one.id === system) ?? first).id;
  const ready = fill();
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
    values,
  );
  return {
    node,
    ready,
    value: () => ({ system: chooser.value, window: windows.value, name: name.value || undefined }),
  };
}

const valueFacts = (own) =>
  facts([
    ["Market", [own.exchange, own.timeframe, own.symbols.join(", ")].join(", ")],
    ["Strategy", own.strategy],
    ["Parameters", Object.entries(own.strategy_params).map(([name, value]) => `${label(name)} ${shown(value)}`).join(" · ")],
    ["Capital", String(own.initial_capital)],
    ["Position size", own.position_size === null ? "not bounded" : String(own.position_size)],
    ["Risk per trade", String(own.risk_per_trade)],
    ["Costs", `commission ${own.costs.commission}, slippage ${own.costs.slippage}`],
  ]);

const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// Returns what reads the values that a configuration or a system has by itself, each once; the last one asked for
// is the one that is told.
function ownValues(pathOf, at) {
  const known = new Map();
  let wanted = "";
  return async (name, told) => {
    wanted = name;
    if (!known.has(name)) known.set(name, ask(pathOf(name), { signal: at.signal }));
    try {
      const found = await known.get(name);
      if (wanted === name) told(found);
    } catch (error) {
      known.delete(name);
      if (!at.signal.aborted) tell(error);
    }
  };
}

/** Returns { node, value(), ready } of a run of a configuration with values laid over its own. */
export function configurationForm(configurations, strategies, at) {
  if (configurations.length === 0) {
    return {
      node: empty("The folder of configurations is empty: start the server with --config DIR."),
      value: () => ({}),
    };
  }
  const config = select(configurations.map((one) => [one, one]));
  if (configurations.includes(SHIPPED)) config.value = SHIPPED;
  const [symbols, name] = [text(), text({ maxlength: 200 })];
  const timeframe = select(TIMEFRAMES.map((one) => [one, one]));
  const [start, end] = [date({ value: "2024-01-01", required: true }), date({ value: "2024-02-01", required: true })];
  const [capital, size, risk, commission, slippage] = Array.from({ length: 5 }, () => figure({ min: 0 }));
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
  const own = ownFields({
    symbols: [symbols, (found) => found.symbols.join(", "), (typed) => words(typed)],
    timeframe: [timeframe, (found) => found.timeframe, (typed) => typed],
    initial_capital: [capital, (found) => found.initial_capital, (typed) => typed],
    position_size: [size, (found) => found.position_size, Number],
    risk_per_trade: [risk, (found) => found.risk_per_trade, Number],
    commission: [commission, (found) => found.costs.commission, Number],
    slippage: [slippage, (found) => found.costs.slippage, Number],
  });
  const read = ownValues((one) => `configurations/${part(one)}`, at);
  const fill = () =>
    read(config.value, (found) => {
      own.fill(found);
      strategy.fill(found);
    });
  config.addEventListener("change", fill);
  const ready = fill();
  const node = el(
    "div",
    {},
    el(
      "div",
      { class: "fields" },
      field("Configuration", config, "Its own values stand below; what you change is laid over them."),
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
  return {
    node,
    ready,
    value: () => {
      const { commission: paid, slippage: slipped, ...changed } = own.changed();
      const costs = paid === undefined && slipped === undefined ? undefined : { commission: paid, slippage: slipped };
      return {
        config: config.value,
        name: name.value || undefined,
        start_date: start.value,
        end_date: end.value,
        ...changed,
        ...strategy.value(),
        costs,
        overrides: further.value.trim() ? jsonOf(further.value, "Other keys") : undefined,
        offline: offline.checked,
      };
    },
  };
}

/**
 * Fields that begin with the values of a configuration, each as [control, value of the configuration, value of what is
 * typed]. What was typed stays where another configuration is chosen; what is as it was, or empty, is not asked for.
 */
function ownFields(fields) {
  const all = Object.entries(fields);
  const begun = new Map(all.map(([name, [control]]) => [name, control.value]));
  const isOwn = (name, control) => control.value === "" || control.value === begun.get(name);
  const fill = (found) => {
    for (const [name, [control, valueOf]] of all) {
      const untouched = isOwn(name, control);
      const value = String(valueOf(found) ?? "");
      // A choice has no value that it does not list.
      if (control.options && ![...control.options].some((one) => one.value === value)) {
        control.append(el("option", { value }, value));
      }
      if (untouched) control.value = value;
      control.placeholder = value;
      begun.set(name, value);
    }
  };
  const changed = () =>
    Object.fromEntries(
      all
        .filter(([name, [control]]) => !isOwn(name, control))
        .map(([name, [control, , read]]) => [name, read(control.value)]),
    );
  return { fill, changed };
}

// The strategy of the configuration with its own parameters, of which those that are changed are asked for; another
// one is asked for with all that are seen.
function strategyFields(strategies) {
  const place = el("div", { id: "parameters" });
  const said = el("p", { class: "note" });
  const chooser = select([["", "as in the configuration"], ...strategies.map((one) => [one.name, one.name])], {
    id: "run-strategy",
    onchange: () => show(),
  });
  let [own, form, begun] = [null, null, {}];
  const show = () => {
    const name = chooser.value || own?.strategy;
    const one = strategies.find((known) => known.name === name);
    form = one ? schemaForm(one.parameters, chooser.value ? one.defaults : own.strategy_params) : null;
    begun = form ? form.value() : {};
    said.textContent = one?.description ?? "";
    place.replaceChildren(...(form ? [form.node] : []));
  };
  const fill = (found) => {
    own = found;
    chooser.options[0].textContent = `${found.strategy}, as in the configuration`;
    if (!chooser.value) show();
  };
  const node = el(
    "div",
    {},
    el("h3", {}, "Strategy"),
    el("div", { class: "fields" }, field("Strategy", chooser)),
    said,
    place,
  );
  const value = () => {
    if (!form) return {};
    const all = form.value();
    if (chooser.value) return { strategy: chooser.value, strategy_params: all };
    const changed = Object.entries(all).filter(
      ([name, one]) => JSON.stringify(one) !== JSON.stringify(begun[name]),
    );
    return changed.length > 0 ? { strategy_params: Object.fromEntries(changed) } : {};
  };
  return { node, fill, value };
}

// Playbacks: a run held in the hand, played, stepped, turned back and forked.

import { ask, part, send } from "front/board/client.js";
import { field, jsonOf, select } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { button, card, empty, facts, head, link, opened, plainTable } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { go, hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { decision } from "front/places/decided.js";
import { playbackCharts } from "front/places/playback_charts.js";
import { count, label, minute, number, perCent, plus, price, tone } from "front/words.js";

const EVENTS = ["signal", "refusal", "fill", "trade", "halt", "day"];
const SET = ["speed", "breaks"];
const SPEEDS = [
  ["1", "1 candle a second"],
  ["5", "5 candles a second"],
  ["20", "20 candles a second"],
  ["100", "100 candles a second"],
  ["", "as fast as it goes"],
];
const iso = (time) => new Date(time).toISOString();

export async function playbacksPage(at) {
  const playbacks = await ask("playbacks", { signal: at.signal });
  const columns = [
    { head: "Playback", cell: (one) => link(hashOf(["playback", one.id]), one.title) },
    { head: "State", cell: (one) => badge(one.state.control) },
    { head: "At (UTC)", cell: (one) => timeOf(one.state) },
    { head: "Done", figure: true, cell: (one) => perCent(one.state.now.progress_percent, 1) },
    { head: "Symbols", cell: (one) => one.symbols.join(", ") },
  ];
  const none = empty(
    "None is open. Open one from a ",
    link("#/results", "result"),
    " (Play back), or from ",
    link("#/run", "Run"),
    " without making a run.",
  );
  return {
    name: "Playback",
    head: head("Playback", "a run that you can hold still"),
    parts: [card(null, playbacks.length > 0 ? plainTable(columns, playbacks, { id: "playbacks" }) : none)],
  };
}

/** Opens a playback of what is asked for, and shows it. */
export async function playBack(asked) {
  const made = await send("POST", "playbacks", asked);
  go(["playback", made.id]);
}

const timeOf = ({ now, start_ms: start }) => minute(now.time_ms ?? start);

export async function playbackPage(at) {
  const [id] = at.words;
  const path = `playbacks/${part(id)}`;
  const view = await ask(path, { signal: at.signal });
  const charts = playbackCharts(view, path, at);
  const told = toldParts((asked) => control(asked));
  let state = view.state;
  const show = (next) => {
    // An answer may come when the page has gone.
    if (at.signal.aborted) return;
    state = next;
    buttons.show(next);
    charts.show(next);
    told.show(next);
  };
  const control = driving(path, () => state, show);
  const buttons = controls(control, () => state, path);
  const reread = atMost(
    () =>
      ask(path, { signal: at.signal })
        .then((one) => show(one.state))
        .catch(tell),
    50,
  );
  const gone = () => tell(new Error("The playback was closed."));
  // What is long comes only where it is new.
  const take = (changes) => show({ ...state, ...changes, now: { ...state.now, ...changes.now } });
  const kinds = {
    state: take,
    fills: take,
    signals: (now) => take({ now }),
    trades: (now) => take({ now }),
    closed: gone,
  };
  at.onLeave(listen([view.topic], kinds, reread));
  const keys = (event) => pressed(event, control, () => state);
  document.addEventListener("keydown", keys);
  at.onLeave(() => document.removeEventListener("keydown", keys));
  const close = button(
    "Close",
    () => {
      charts.stop();
      return send("DELETE", path).then(() => go(["playback"]));
    },
    { kind: "danger" },
  );
  return {
    name: view.title,
    head: head(view.title, `playback, ${view.timeframe}`, close),
    parts: [card(null, buttons.node), card(null, ...charts.parts), el("div", { class: "columns" }, told.nodes)],
    ready: () => {
      show(view.state);
      charts.open();
    },
  };
}

// Returns what sends controls. What comes of playing is told by the stream: its answer comes when it has ended, or is
// old. Speed and stops are set while it goes on: of their answer what was set counts, the rest may be old.
function driving(path, state, show) {
  return (asked) => {
    const done = send("POST", `${path}/control`, asked).then(({ state: told }) => {
      if (SET.includes(asked.action)) show({ ...state(), speed: told.speed, breaks_at: told.breaks_at });
      else if (asked.action !== "play") show(told);
    });
    // Nothing waits for it: what plays can be held at once.
    done.catch(tell);
  };
}

// Space plays and pauses, the arrow to the right steps; not where something is typed or pressed.
function pressed(event, control, state) {
  if (event.target.closest("input, select, textarea, button, a, dialog, summary") || event.ctrlKey || event.metaKey)
    return;
  const action = { " ": state().control === "playing" ? "pause" : "play", ArrowRight: "step" }[event.key];
  if (!action) return;
  event.preventDefault();
  guarded(control)({ action });
}

function controls(control, state, path) {
  const play = button("▶ Play", () => control({ action: state().control === "playing" ? "pause" : "play" }), {
    kind: "main",
    id: "play",
    title: "Space",
  });
  const steps = select(
    ["1", "10", "100", "1000"].map((one) => [one, one]),
    { "aria-label": "Candles a step", id: "steps" },
  );
  const next = select(
    EVENTS.map((one) => [one, one]),
    { "aria-label": "Event", id: "event" },
  );
  next.value = "trade";
  const speed = select(SPEEDS, {
    "aria-label": "Speed",
    id: "speed",
    onchange: guarded(() =>
      control({ action: "speed", candles_per_second: speed.value === "" ? null : Number(speed.value) }),
    ),
  });
  speed.value = "";
  const to = el("input", {
    type: "range",
    id: "scrubber",
    "aria-label": "Time of the playback",
    min: state().start_ms,
    max: state().end_ms,
    step: 60_000,
    oninput: () => (said.textContent = minute(Number(to.value))),
    onchange: guarded(() => control({ action: "seek", time: iso(Number(to.value)) })),
  });
  const said = el("output", { class: "when", for: "scrubber" });
  const status = el("span", { id: "state", role: "status" });
  const breaks = el(
    "fieldset",
    { class: "breaks" },
    el("legend", {}, "Stop at"),
    EVENTS.map((one) =>
      el("label", { class: "tick" }, el("input", { type: "checkbox", value: one, onchange: guarded(kept) }), one),
    ),
  );
  function kept() {
    const chosen = [...breaks.querySelectorAll("input:checked")].map((one) => one.value);
    return control({ action: "breaks", events: chosen });
  }
  const node = el(
    "div",
    { id: "controls" },
    el(
      "div",
      { class: "controls" },
      play,
      button("Step", () => control({ action: "step", count: Number(steps.value) }), {
        id: "step",
        title: "Arrow right",
      }),
      steps,
      button("To the next", () => control({ action: "next", events: [next.value] }), { id: "next" }),
      next,
      speed,
      button("To the end", () => control({ action: "run_to", time: iso(state().end_ms) })),
      button("Fork here", () => forked(path, state()), { id: "fork" }),
    ),
    el("div", { class: "scrub" }, to, said, status),
    breaks,
  );
  const show = (told) => {
    const { now, control: how, stopped_by: by, failure } = told;
    play.textContent = how === "playing" ? "❚❚ Pause" : "▶ Play";
    if (document.activeElement !== to || how === "playing") to.value = now.time_ms ?? told.start_ms;
    said.textContent = timeOf(told);
    const stopped = by.length > 0 && how === "paused" ? `stopped by a ${by.join(", ")}` : "";
    const words = [how, `step ${count(now.index)} of ${count(now.total)}`, stopped, failure].filter(Boolean);
    status.textContent = words.join(", ");
    for (const box of breaks.querySelectorAll("input")) box.checked = told.breaks_at.includes(box.value);
    const pace = String(told.speed?.candles_per_second ?? "");
    if (document.activeElement !== speed && SPEEDS.some(([one]) => one === pace)) speed.value = pace;
  };
  return { node, show };
}

// Another playback of the same candles under other settings.
async function forked(path, { now }) {
  const changes = el("textarea", { rows: 3, class: "code", spellcheck: "false" });
  changes.value = '{"strategy.params.ema_fast": 7}';
  const here = el("input", { type: "checkbox", checked: true });
  const asked = await opened((close) => [
    el("h2", {}, "Fork"),
    field("Other settings, as JSON", changes, "By their keys in the configuration, such as strategy.params.ema_fast."),
    el("label", { class: "tick" }, here, "from here on; else from the start"),
    el(
      "div",
      { class: "controls" },
      el("button", { type: "button", onclick: () => close(false) }, "Leave it"),
      el("button", { type: "button", class: "main", onclick: () => close({ typed: changes.value }) }, "Fork"),
    ),
  ]);
  if (!asked) return;
  const time = here.checked && now.time_ms !== null ? iso(now.time_ms) : null;
  const made = await send("POST", `${path}/fork`, { changes: jsonOf(asked.typed, "Other settings"), time });
  go(["playback", made.id]);
}

// What stands and what has just been: the account, positions, the last signal with its reasons, the last trades.
function toldParts(control) {
  const [account, positions, signal, trades] = ["account", "positions", "signal", "trades"].map((id) =>
    el("div", { id }),
  );
  const shown = { signal: null };
  const show = ({ now, kill_switch: killed, halts }) => {
    account.replaceChildren(accountFacts(now, killed, halts));
    positions.replaceChildren(positionsTable(now.open_trades));
    trades.replaceChildren(tradesTable(now.trades, control));
    const last = now.signals.at(-1);
    const name = last ? `${last.time_ms} ${last.symbol}` : "";
    if (shown.signal === name) return;
    shown.signal = name;
    signal.replaceChildren(last ? decision(asDecision(last)) : empty("The strategy has said nothing yet."));
  };
  const nodes = [
    card("Account", account),
    card("Open positions", positions),
    card("Last trades", trades),
    card("The last signal, and why", signal),
  ];
  nodes.at(-1).classList.add("whole");
  return { nodes, show };
}

const asDecision = ({ time_ms: time, symbol, direction, reason, inputs, gates, refusal, ...rest }) => ({
  time: iso(time),
  event: symbol,
  reason: refusal,
  gates,
  signal: { direction, reason, inputs, sl_distance: rest.sl_distance, tp_distance: rest.tp_distance },
  entry_order_id: rest.entry_order_id,
  close_order_id: rest.close_order_id,
  symbol,
});

function accountFacts({ equity, current_capital: balance, metrics }, killed, halts) {
  const total = metrics.total_return_pct;
  return facts([
    ["Equity", number(Number(equity))],
    ["Balance", number(Number(balance))],
    ["Return", el("span", { class: tone(total) }, plus(perCent(total), total))],
    ["Trades", `${count(metrics.total_trades)}, ${perCent(metrics.win_rate, 1)} won`],
    ["Profit factor", number(metrics.profit_factor)],
    ["Drawdown", perCent(metrics.max_drawdown_pct)],
    ["Signals", `${count(metrics.signals_generated)}, ${count(metrics.signals_refused)} refused`],
    ["Costs", number(Number(metrics.commission_paid) + Number(metrics.slippage_paid))],
    ["Halts", halts.map((one) => badge(typeof one === "string" ? one : JSON.stringify(one), "warning"))],
    ["Kill switch", killed ? badge("engaged", "warning") : null],
  ]);
}

function positionsTable(positions) {
  const columns = [
    { head: "Symbol", cell: (one) => one.symbol },
    { head: "Side", cell: (one) => one.side },
    { head: "Quantity", figure: true, cell: (one) => price(Number(one.quantity)) },
    { head: "In", figure: true, cell: (one) => price(Number(one.entry_price)) },
    { head: "Stop", figure: true, cell: (one) => (one.stop === null ? "–" : price(Number(one.stop))) },
    {
      head: "PnL",
      figure: true,
      tone: (one) => tone(Number(one.unrealized_pnl)),
      cell: (one) => plus(number(Number(one.unrealized_pnl)), Number(one.unrealized_pnl)),
    },
  ];
  return plainTable(columns, positions, { none: "No position is open." });
}

function tradesTable(trades, control) {
  const toEntry = (one) =>
    button("To its entry", () => control({ action: "seek", time: iso(one.entry_time_ms) }), {
      title: "Back to the candle that was judged, and why it was taken",
    });
  const columns = [
    { head: "Closed (UTC)", cell: (one) => minute(one.exit_time_ms) },
    { head: "Trade", cell: (one) => `${one.symbol} ${one.side}` },
    { head: "Exit", cell: (one) => label(one.reason) },
    {
      head: "Result",
      figure: true,
      tone: (one) => tone(Number(one.realized_pnl)),
      cell: (one) => plus(number(Number(one.realized_pnl)), Number(one.realized_pnl)),
    },
    { head: "", cell: toEntry },
  ];
  return plainTable(columns, [...trades].reverse(), { none: "No position was closed yet." });
}

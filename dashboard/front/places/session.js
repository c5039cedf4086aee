// One session: its account, positions and orders, its feed, what happens in it, and what an operator may do.

import { ask, part, send } from "front/board/client.js";
import { field, text } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { button, card, empty, facts, head, link, opened, plainTable, when } from "front/board/parts.js";
import { tell } from "front/board/problems.js";
import { go, hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { badge, warningsPart } from "front/page_frame.js";
import { stateBadge, tradedAs } from "front/places/live.js";
import { colourOf } from "front/palette.js";
import { timeChart } from "front/time_charts.js";
import { label, number, plus, price, tone } from "front/words.js";

const SHOWN = 100;
const RUNS = ["starting", "running"];
const TOLD = [
  "step",
  "fill",
  "decision",
  "command",
  "connection",
  "candle",
  "missing",
  "resumed",
  "end",
  "level",
  "session",
];
const money = (value) => (value === null || value === undefined ? "–" : number(Number(value)));
const exact = (value) => (value === null || value === undefined ? "–" : price(Number(value)));

export async function sessionPage(at) {
  const [id] = at.words;
  const path = `sessions/${part(id)}`;
  let session = await ask(path, { signal: at.signal });
  let looks = 10;
  const curve = equityChart();
  const [state, ways, warned, account, positions, orders, feeds, fills, journal, log, parity] = Array.from(
    { length: 11 },
    () => el("div", {}),
  );
  const happened = el("ol", { class: "happened", id: "happened", tabindex: "0" });
  const quiet = empty("Nothing since this page was opened.");
  const show = () => {
    state.replaceChildren(stateBadge(session));
    ways.replaceChildren(...operatorWays(session, path, load));
    warned.replaceChildren(...warnings(session));
    account.replaceChildren(accountFacts(session));
    positions.replaceChildren(positionsTable(session.open_positions, session, path, load));
    orders.replaceChildren(ordersTable(session.orders, session, path, load));
    feeds.replaceChildren(feedFacts(session.feeds));
    fills.replaceChildren(fillsTable(session));
    journal.replaceChildren(...session.journal.slice(0, 50).map((one) => el("div", { class: "code" }, wordsOf(one))));
    log.textContent = session.log.join("\n");
    parity.replaceChildren(parityPart(session.parity));
    curve.show(session.equity_curve);
  };
  const load = async () => {
    session = await ask(path, { signal: at.signal });
    show();
    // A session that has just ended is among the results a moment later.
    if (!RUNS.includes(session.state) && !session.run && !hasAll(session) && looks-- > 0) setTimeout(soon, 2_000);
  };
  const soon = atMost(() => load().catch((error) => at.signal.aborted || tell(error)), 1_000);
  const take = (data, message) => {
    happened.prepend(
      el("li", {}, el("span", { class: "when" }, when(message.time)), " ", badge(message.kind), " ", wordsOf(data)),
    );
    quiet.hidden = true;
    while (happened.childElementCount > SHOWN) happened.lastChild.remove();
    soon();
  };
  const kinds = Object.fromEntries(TOLD.map((kind) => [kind, take]));
  at.onLeave(listen([`session:${id}`], { ...kinds, health: soon, equity: soon }, soon));
  return {
    name: id,
    head: head(id, session.strategy ?? session.members.join(", "), state),
    parts: [
      ways,
      warned,
      card("Account", account, curve.box),
      card("Open positions", positions),
      el("div", { class: "columns" }, card("Waiting orders", orders), card("Feed", feeds)),
      card("What happens", quiet, happened),
      card("Last fills", fills),
      card("Parity", parity),
      card(
        null,
        el("details", {}, el("summary", {}, "Journal, newest first"), el("div", { class: "scroll" }, journal)),
      ),
      card(null, el("details", {}, el("summary", {}, "Log"), el("pre", { id: "log" }, log))),
    ],
    ready: show,
  };
}

const hasAll = ({ members, member_runs: runs }) => members.length > 0 && members.every((one) => runs[one]);

function operatorWays(session, path, load) {
  const runs = RUNS.includes(session.state);
  const act = (said, work, more) =>
    button(
      said,
      async () => {
        if ((await work()) !== false) await load();
      },
      more,
    );
  const stop = async () => {
    const explained = session.closes_on_stop
      ? "Its positions are closed at their last marks."
      : "Its positions are kept; it can be resumed.";
    return (
      (await typed(`Stop ${session.id}?`, explained, "Stop", session.id)) &&
      send("POST", `${path}/stop`, { confirm: session.id })
    );
  };
  const kill = async () => {
    if (session.kill_switch) return send("POST", `${path}/kill-switch`, { engaged: false });
    const explained = session.closes_on_kill
      ? "No entry is made any more, and its positions are closed."
      : "No entry is made any more; its positions stay, with their stops.";
    const sure = await typed(`Engage the kill switch of ${session.id}?`, explained, "Engage", session.id);
    return sure && send("POST", `${path}/kill-switch`, { engaged: true, confirm: session.id });
  };
  const check = async () => {
    const job = await send("POST", `${path}/parity`);
    go(["jobs", job.job ?? job.id]);
    return false;
  };
  const pause = () => send("POST", `${path}/pause`, { paused: !session.paused });
  const resume = () => send("POST", `${path}/resume`, {});
  return [
    el(
      "div",
      { class: "controls", id: "operator" },
      runs && act(session.paused ? "Let entries through" : "Hold entries", pause),
      runs && act("Stop", stop, { id: "stop" }),
      ["stopped", "dead"].includes(session.state) && act("Resume", resume, { kind: "main" }),
      act("Check parity", check, { title: "A worker replays its journal, and its candles from history" }),
      session.run && link(hashOf(["results", session.run]), "Its result"),
      Object.entries(session.member_runs).map(([name, run]) => link(hashOf(["results", run]), `Result of ${name}`)),
      runs &&
        act(session.kill_switch ? "Release the kill switch" : "Kill switch", kill, { kind: "danger", id: "kill" }),
    ),
  ];
}

// The second confirmation: the session's id, typed.
function typed(question, explained, yes, id) {
  const said = text({ id: "confirm-id", oninput: () => (go_.disabled = said.value !== id) });
  let done;
  const go_ = el("button", { type: "button", class: "danger", disabled: true, onclick: () => done(true) }, yes);
  return opened((close) => {
    done = close;
    return [
      el("h2", {}, question),
      el("p", {}, explained),
      field(`To confirm, type ${id}`, said),
      el("div", { class: "controls" }, el("button", { type: "button", onclick: () => close(false) }, "Leave it"), go_),
    ];
  });
}

function warnings(session) {
  const texts = [
    session.failure,
    // The last trouble of a session that is over is its end.
    RUNS.includes(session.state) && session.feeds.trouble,
    session.kill_switch &&
      `The kill switch is engaged${session.kill_switch_by ? ` by ${session.kill_switch_by}` : ""}.`,
    session.paused && "New entries are held.",
    ...session.halts.map((one) => `Halted: ${one}`),
    session.state === "dead" && "Its process is gone without having been asked to end: resume it.",
  ].filter(Boolean);
  const part_ = warningsPart(texts, "Now");
  return part_ ? [part_] : [];
}

function accountFacts(session) {
  const age = session.heartbeat_age_seconds;
  return facts([
    ["Equity", money(session.live_equity ?? session.equity)],
    ["Balance", money(session.balance)],
    ["Trades", session.traded_as.map((name) => el("div", {}, tradedAs(name)))],
    ["Market", [session.exchange, session.timeframe, session.symbols.join(", ")].filter(Boolean).join(", ")],
    ["Steps", session.steps],
    ["Last step", session.last_step && when(session.last_step)],
    ["Exchange time", session.exchange_time && when(session.exchange_time)],
    ["Heartbeat", age === null ? null : `${number(age, 1)} s old`],
    ["Started", session.started && when(session.started)],
  ]);
}

// In a portfolio the name of the member stands before the symbol, which all members have in common.
const tradedSymbol = ({ symbols }, { symbol }) => symbols.find((one) => symbol.endsWith(` ${one}`)) ?? symbol;

function positionsTable(positions, session, path, load) {
  const close = (one) =>
    button("Close", async () => {
      const symbol = tradedSymbol(session, one);
      const explained = symbol === one.symbol ? "At its next open." : "At its next open, of every member that has it.";
      const sure = await typed(`Close ${symbol}?`, explained, "Close it", session.id);
      if (sure) await send("POST", `${path}/close`, { symbol, confirm: session.id }).then(load);
    });
  const columns = [
    { head: "Symbol", cell: (one) => one.symbol },
    { head: "Side", cell: (one) => one.side },
    { head: "Quantity", figure: true, cell: (one) => exact(one.quantity) },
    { head: "In", figure: true, cell: (one) => exact(one.entry_price) },
    { head: "Mark", figure: true, cell: (one) => [exact(one.mark), one.forming && " (forming)"] },
    {
      head: "PnL",
      figure: true,
      tone: (one) => tone(Number(one.unrealized_pnl)),
      cell: (one) => plus(money(one.unrealized_pnl), Number(one.unrealized_pnl)),
    },
    { head: "Stop", figure: true, cell: (one) => exact(one.stop) },
    { head: "Targets", figure: true, cell: (one) => one.targets.map(exact).join(", ") || "–" },
    { head: "Touched", cell: (one) => one.touched && badge(one.touched, "warning") },
    { head: "", cell: (one) => session.state === "running" && close(one) },
  ];
  return plainTable(columns, positions, { id: "positions", none: "No position is open." });
}

function ordersTable(orders, session, path, load) {
  const cancel = (one) =>
    button("Cancel", () => send("POST", `${path}/cancel`, { symbol: tradedSymbol(session, one) }).then(load));
  const columns = [
    { head: "Symbol", cell: (one) => one.symbol },
    { head: "What", cell: (one) => `${one.what} ${one.type}` },
    { head: "Quantity", figure: true, cell: (one) => exact(one.quantity) },
    { head: "Price", figure: true, cell: (one) => exact(one.price ?? one.stop_price) },
    { head: "", cell: (one) => one.what === "entry" && cancel(one) },
  ];
  return plainTable(columns, orders, { none: "No order waits." });
}

function feedFacts(feeds) {
  const seconds = (value) => (value === null ? null : `${number(value, 2)} s`);
  return facts([
    ["Connection", feeds.connection],
    ["Connected for", seconds(feeds.connected_seconds)],
    ["Last message", feeds.message_age_seconds === null ? null : `${seconds(feeds.message_age_seconds)} ago`],
    ["Reconnects", feeds.reconnects],
    ["Waits for", feeds.waits_for],
    ["Delay of a step", seconds(feeds.processing_delay_seconds)],
    ["99th percentile", seconds(feeds.processing_delay_p99_seconds)],
    ...Object.entries(feeds.counts).map(([name, many]) => [label(name), many]),
    ["Prices", Object.entries(feeds.prices).map(([symbol, value]) => el("div", {}, `${symbol} ${exact(value)}`))],
  ]);
}

function fillsTable({ fills, members }) {
  const columns = [
    { head: "Time (UTC)", cell: (one) => when(one.timestamp) },
    ...(members.length > 0 ? [{ head: "Member", cell: (one) => one.member }] : []),
    { head: "Symbol", cell: (one) => one.symbol },
    { head: "Action", cell: (one) => [one.action, one.side].filter(Boolean).join(" ") },
    { head: "Price", figure: true, cell: (one) => exact(one.price) },
    { head: "Quantity", figure: true, cell: (one) => exact(one.quantity) },
    { head: "Reason", cell: (one) => label(one.reason || "–") },
    {
      head: "Result",
      figure: true,
      tone: (one) => tone(Number(one.realized_pnl)),
      cell: (one) => plus(money(one.realized_pnl), Number(one.realized_pnl)),
    },
  ];
  return plainTable(columns, fills, { id: "fills", none: "Nothing was filled yet." });
}

function parityPart(report) {
  if (!report)
    return empty(
      "Not checked yet: “Check parity” replays the journal, and the candles from history, against what it decided.",
    );
  const rows = Object.entries(report).map(([name, value]) => [
    label(name),
    value !== null && typeof value === "object" ? JSON.stringify(value).slice(0, 400) : String(value),
  ]);
  return facts(rows);
}

// A record or a message in one line: its values by their names.
function wordsOf(one) {
  const shown = Object.entries(one).filter(([, value]) => value !== null && value !== "" && value !== undefined);
  return shown
    .map(([name, value]) => `${label(name)}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" · ")
    .slice(0, 600);
}

function equityChart() {
  const chart = timeChart("equity", { height: "middle", ariaLabel: "Equity of the session" });
  const lines = new Map();
  const show = (curves) => {
    Object.entries(curves).forEach(([member, { time, equity }], place) => {
      if (!lines.has(member)) {
        lines.set(
          member,
          chart.add("Line", member || "equity", () => ({ color: colourOf(place), lineWidth: 2 }), []),
        );
      }
      const seen = new Map(time.map((at, row) => [Math.floor(Date.parse(at) / 1000), Number(equity[row])]));
      lines.get(member).setData([...seen].sort(([a], [b]) => a - b).map(([at, value]) => ({ time: at, value })));
    });
    chart.box.hidden = Object.values(curves).every((one) => one.time.length < 2);
    // The members of a portfolio have points at different times: their number says nothing.
    if (!chart.box.hidden) chart.chart.timeScale().fitContent();
  };
  return { box: chart.box, show };
}

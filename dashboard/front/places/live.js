// Live and rehearsed paper sessions: which there are, and how one is started.

import { ask, send } from "front/board/client.js";
import { field, figure, numberOf, select, text } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { card, head, link, plainTable, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { go, hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { number } from "front/words.js";

const STATES = { running: "good", starting: "accent", dead: "bad", failed: "bad", stopped: "warning" };

export const stateBadge = ({ state, healthy }) =>
  el(
    "span",
    { class: `badge ${state === "running" && !healthy ? "warning" : (STATES[state] ?? "")}` },
    state === "running" && !healthy ? "running, heartbeat old" : state,
  );

export async function sessionsPage(at) {
  const [configurations, systems, portfolios] = await Promise.all(
    ["configurations", "systems", "portfolios"].map((path) => ask(path, { signal: at.signal })),
  );
  const whole = systems.filter((one) => !one.problem).map((one) => one.id);
  const list = el("div", {});
  const load = async () => {
    const told = await ask("sessions", { query: { page_size: 100 }, signal: at.signal });
    list.replaceChildren(sessionsTable(told.items));
  };
  const soon = atMost(() => load().catch(tell), 1_000);
  at.onLeave(listen(["sessions"], { session: soon, health: soon }, soon));
  await load();
  return {
    name: "Live",
    head: head("Live", "paper sessions, live and rehearsed"),
    parts: [
      card("Sessions", list),
      card(
        "Start a session",
        startForm({ system: whole, portfolio: portfolios, config: configurations }, at.values),
      ),
    ],
  };
}

/** A list of sessions, how each stands. */
export function sessionsTable(sessions, id = "sessions") {
  const columns = [
    { head: "Session", cell: (one) => link(hashOf(["live", one.id]), one.id) },
    { head: "State", cell: stateBadge },
    { head: "Equity", figure: true, cell: (one) => (one.equity === null ? "–" : number(Number(one.equity))) },
    { head: "Positions", figure: true, cell: (one) => one.positions ?? "–" },
    { head: "Trades", cell: (one) => one.traded_as.map((name) => el("div", {}, tradedAs(name))) },
    { head: "Strategy", cell: (one) => one.strategy ?? (one.members.join(", ") || "–") },
    { head: "Market", cell: (one) => [one.exchange, one.timeframe].filter(Boolean).join(", ") },
    { head: "Exchange time (UTC)", cell: (one) => when(one.exchange_time ?? one.last_step) },
    { head: "Feed", cell: (one) => one.connection ?? "–" },
  ];
  const none =
    "There is none yet. Start one below: a rehearsal on the practice exchange needs no network and no account.";
  return plainTable(columns, sessions, { id, none });
}

/** What a session trades, with the way to it where it has a page. */
export function tradedAs(name) {
  const [kind, id] = name.split(/ (.*)/);
  if (kind === "program") {
    const [program, version] = id.split(", version ");
    return [`${kind} `, link(hashOf(["programs", program], { version }), id)];
  }
  return kind === "system" ? [`${kind} `, link(hashOf(["systems", id]), id)] : name;
}

const KINDS = { system: "Systems", portfolio: "Portfolios", config: "Configurations" };

function startForm(choices, asked) {
  const groups = Object.entries(choices).filter(([, names]) => names.length > 0);
  const what = el(
    "select",
    { id: "session-what" },
    groups.map(([kind, names]) =>
      el(
        "optgroup",
        { label: KINDS[kind] },
        names.map((name) => el("option", { value: `${kind} ${name}` }, name)),
      ),
    ),
  );
  const kind = Object.keys(choices).find((one) => asked[one]);
  if (kind) what.value = `${kind} ${asked[kind]}`;
  else if (choices.config.includes("practice.yaml")) what.value = "config practice.yaml";
  const rehearsed = el("input", { type: "checkbox", checked: true, id: "session-rehearsed", onchange: () => show() });
  const start = text({ value: "2024-01-01", id: "session-start" });
  const speed = figure({ value: 20_000, min: 0, id: "session-speed" });
  const [duration, name] = [
    text({ placeholder: "until it is stopped", id: "session-duration" }),
    text({ id: "session-name" }),
  ];
  const rehearsal = el(
    "div",
    { class: "fields" },
    field("Exchange's time at the start", start, "UTC."),
    field("Speed", speed, "Exchange seconds a second: at 20,000 a day takes four seconds."),
  );
  const show = () => (rehearsal.hidden = !rehearsed.checked);
  const run = el("button", { type: "submit", class: "main", id: "session-run" }, "Start the session");
  const submitted = guarded(async (event) => {
    event.preventDefault();
    const [kind, id] = what.value.split(/ (.*)/);
    run.disabled = true;
    try {
      const made = await send("POST", "sessions", {
        [kind]: id,
        rehearsal: rehearsed.checked ? { start: start.value || null, speed: numberOf(speed) } : undefined,
        duration: duration.value.trim() || undefined,
        name: name.value.trim() || undefined,
      });
      go(["live", made.id]);
    } finally {
      run.disabled = false;
    }
  });
  return el(
    "form",
    { id: "session-form", onsubmit: submitted },
    el(
      "div",
      { class: "fields" },
      field("What is traded", what, "Paper only: no order leaves this machine."),
      field("For", duration, "Of the exchange's time, such as 2d or 8h."),
      field("Name", name, "Of its folder."),
    ),
    el("p", {}, el("label", { class: "tick" }, rehearsed, "Rehearsal, on a practice exchange of its own")),
    rehearsal,
    el("div", { class: "controls" }, run),
  );
}

// Alerts: what people were told and where it has arrived, who is told what, and a message to try that.

import { ask, send } from "front/board/client.js";
import { select, text } from "front/board/fields.js";
import { atMost, settled } from "front/board/pace.js";
import { button, card, empty, head, link, pages, plainTable, when } from "front/board/parts.js";
import { guarded } from "front/board/problems.js";
import { hashOf, keep } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { badge, warningsPart } from "front/page_frame.js";
import { count, label } from "front/words.js";

const KINDS = [
  "start",
  "stop",
  "fill",
  "halt",
  "kill_switch",
  "refusal_storm",
  "program_halted",
  "program_problem",
  "feed_lost",
  "feed_back",
  "parity_broken",
  "day_summary",
  "job_done",
  "job_failed",
];
const SEVERITIES = [
  ["", "Any severity"],
  ["warning", "Warnings and critical"],
  ["critical", "Critical"],
];
const TONES = { warning: "warning", critical: "bad" };
const STATES = { delivered: "good", failing: "warning", refused: "bad" };
// By what a channel chooses what it is told.
const RULES = ["kinds", "sessions", "systems", "symbols", "strategies"];

export async function alertsPage(at) {
  const state = { page: "1", ...at.values };
  const told = el("div", { id: "told", "aria-live": "polite" });
  const load = guarded(async () => {
    const found = await ask("alerts", { query: { page_size: 50, ...state }, signal: at.signal });
    const filtered = ["kind", "severity", "session"].some((name) => state[name]);
    told.replaceChildren(toldTable(found.items, filtered), pages(found, ["alert", "alerts"], turned));
  });
  const change = (changes) => {
    Object.assign(state, { page: "1" }, changes);
    keep(["alerts"], { ...state, page: state.page === "1" ? "" : state.page });
    return load();
  };
  const turned = (page) => change({ page: String(page) });
  const soon = atMost(load, 1_000);
  at.onLeave(listen(["alerts"], { alert: soon, delivery: soon }, soon));
  const [channels] = await Promise.all([channelsPart(at), load()]);
  return {
    name: "Alerts",
    head: head("Alerts", "what people are told"),
    parts: [card("Who is told what", channels), card("What was told", filters(state, change), told)],
  };
}

// What is wrong with the file of channels does not hide what was told before.
async function channelsPart(at) {
  try {
    const channels = await ask("alerts/channels", { signal: at.signal });
    const none =
      "Nobody is told anything: no channel stands in config/alerts.yaml. The file itself shows how one is written " +
      "(Telegram, Discord, Slack, e-mail, a webhook, or this dashboard alone); docs/alerts.md explains each key.";
    return channels.length > 0 ? channelsTable(channels) : empty(none);
  } catch (error) {
    if (at.signal.aborted) throw error;
    return warningsPart([error.message], "Nobody can be told anything");
  }
}

function channelsTable(channels) {
  const came = el("div", { id: "came-of-it", role: "status" });
  const tried = (channel) => async () => {
    came.replaceChildren(el("p", { class: "note" }, "Sending…"));
    try {
      came.replaceChildren(...(await send("POST", "alerts/test", { channel })).map(outcome));
    } catch (error) {
      came.replaceChildren();
      throw error;
    }
  };
  const columns = [
    { head: "Channel", cell: (one) => one.name },
    { head: "Messages go to", cell: (one) => one.target },
    { head: "Told of", cell: rulesOf },
    { head: "From", cell: (one) => severityBadge(one.severity) },
    { head: "", cell: (one) => button("Send a test message", tried(one.name)) },
  ];
  const all = el("div", { class: "controls" }, button("Send one to all", tried(null), { id: "try-all" }));
  return el("div", {}, plainTable(columns, channels, { id: "channels" }), channels.length > 1 && all, came);
}

function rulesOf(channel) {
  const chosen = RULES.filter((name) => channel[name].length > 0);
  if (chosen.length === 0) return "everything";
  return chosen.map((name) => {
    const said = channel[name].map((one) => (name === "kinds" ? label(one).toLowerCase() : one));
    return el("div", {}, name === "kinds" ? said.join(", ") : `${name}: ${said.join(", ")}`);
  });
}

const severityBadge = (severity) => badge(severity, TONES[severity] ?? "");

const outcome = (one) =>
  el(
    "p",
    {},
    badge(one.delivered ? "delivered" : "not delivered", one.delivered ? "good" : "bad"),
    ` ${one.channel}, ${one.target}: ${one.detail} (${count(one.took_ms)} ms)`,
  );

function filters(state, change) {
  const picked = (name, label_, options) => {
    const control = select(options, { "aria-label": label_, onchange: () => change({ [name]: control.value }) });
    control.value = state[name] ?? "";
    return control;
  };
  const session = text({
    type: "search",
    placeholder: "Session, whole name",
    "aria-label": "Session",
    value: state.session ?? "",
    oninput: settled(() => change({ session: session.value.trim() }), 300),
  });
  return el(
    "div",
    { class: "controls", role: "search" },
    picked("kind", "Kind", [["", "Any kind"], ...KINDS.map((one) => [one, label(one)])]),
    picked("severity", "Severity", SEVERITIES),
    session,
  );
}

function toldTable(alerts, filtered) {
  const columns = [
    {
      head: "When (UTC)",
      cell: (one) => [el("div", {}, when(one.time)), badge(label(one.kind), TONES[one.severity] ?? "")],
    },
    { head: "What", cell: (one) => [one.title, one.text && el("div", { class: "note" }, one.text)] },
    { head: "Of", cell: originOf },
    { head: "Arrived", cell: (one) => one.deliveries.map(delivery) },
  ];
  const none = filtered ? "Nothing like that was told." : "Nobody was told anything yet.";
  return plainTable(columns, alerts, { id: "alerts", none });
}

// Those of jobs and commands have no session of that name.
function originOf({ session, system, facts }) {
  const job = facts.job && link(hashOf(["jobs", facts.job]), `job ${facts.job}`);
  const place = session && session !== "jobs" && !job && link(hashOf(["live", session]), session);
  return [job || place || session || "–", system && el("div", { class: "note" }, system)];
}

const delivery = ({ channel, state, detail, attempts, time }) =>
  el(
    "div",
    { title: [detail, time && `${when(time)} UTC`].filter(Boolean).join(", ") },
    badge(`${channel}: ${state}`, STATES[state] ?? ""),
    attempts > 1 && el("span", { class: "note" }, ` ${count(attempts)} attempts`),
    state !== "delivered" && detail && el("div", { class: "note" }, detail),
  );

// Programs: texts that wake at pools and schedules, written, checked and run here; each runs in a sandbox alone.

import { ask, part } from "front/board/client.js";
import { text } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { button, card, head, link, plainTable, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { go, hashOf, keep } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { stateBadge } from "front/places/live.js";
import { poolsTable } from "front/places/pools.js";
import { programForm } from "front/places/program_forms.js";
import { drafts, textPart } from "front/places/program_text.js";
import { triggerLog } from "front/places/trigger_log.js";
import { count, number, perCent, tone } from "front/words.js";

export async function programsPage(at) {
  const [programs, pools] = await Promise.all(["programs", "pools"].map((path) => ask(path, { signal: at.signal })));
  return {
    name: "Programs",
    head: head("Programs", "woken by pools and schedules"),
    parts: [
      card(
        "Programs",
        programsTable(programs),
        draftsPart(programs),
        opener("program", "programs", "Write a program"),
      ),
      card("Pools", poolsTable(pools), opener("pool", "pools", "Write a pool")),
    ],
  };
}

// Those that were written and never kept.
function draftsPart(programs) {
  const names = [...drafts.keys()].filter((name) => !programs.some((one) => one.name === name));
  const ways = names.map((name, place) => [place > 0 && ", ", link(hashOf(["programs", name]), name)]);
  return names.length > 0 && el("p", { id: "drafts" }, badge("not kept yet", "accent"), " ", ways);
}

// A name, and the way to its page.
function opener(kind, place, said) {
  const wanted = `name of a ${kind}`;
  const name = text({ id: `new-${kind}`, placeholder: wanted, "aria-label": wanted, required: true });
  const submitted = (event) => {
    event.preventDefault();
    go([place, name.value.trim()]);
  };
  return el("form", { class: "controls", onsubmit: submitted }, name, el("button", { type: "submit" }, said));
}

function programsTable(programs) {
  const columns = [
    {
      head: "Program",
      cell: ({ name }) => [
        link(hashOf(["programs", name]), name),
        drafts.has(name) && [" ", badge("changed", "accent")],
      ],
    },
    { head: "Version", figure: true, cell: (one) => count(one.version) },
    { head: "Lines", figure: true, cell: (one) => count(one.lines) },
    { head: "Kept (UTC)", cell: (one) => when(one.saved) },
    { head: "Note", cell: (one) => one.note ?? "–" },
  ];
  const none = "There is no program yet: write one below. It decides in a sandbox, and its decisions pass every gate.";
  return plainTable(columns, programs, { id: "programs", none });
}

export async function programPage(at) {
  const [name] = at.words;
  const asked = { version: at.values.version };
  const [known, pools, configurations, templates] = await Promise.all(
    ["programs", "pools", "configurations", "program-templates"].map((path) => ask(path, { signal: at.signal })),
  );
  const is = known.some((one) => one.name === name);
  const kept = is ? await ask(`programs/${part(name)}`, { query: asked, signal: at.signal }) : null;
  const text_ = textPart(name, kept, templates, at);
  const kept_ = (values) => keep(["programs", name], { version: at.values.version, ...values });
  const log = triggerLog(at, kept_, el("span", { id: "result-way" }));
  const shown = guarded(async (id, show, page) => {
    document.getElementById("result-way").replaceChildren(link(hashOf(["results", id]), "Look at the result"));
    await log.load(id, show, page);
  });
  const started = el("div", { id: "started" });
  const runs = el("div", {});
  const list = async () => runs.replaceChildren(runsTable(await made(name, at), shown));
  const through = (id) => Promise.all([shown(id), list()]);
  const form = programForm(name, pools, configurations, text_, { started, through, at });
  const sessions = el("div", {});
  const listSessions = async () => sessions.replaceChildren(sessionsTable(await traded(name, at)));
  const soon = atMost(() => listSessions().catch(tell), 1_000);
  at.onLeave(listen(["sessions"], { session: soon, health: soon }, soon));
  await Promise.all([list(), listSessions()]);
  return {
    name,
    head: head(name, "a program", text_.state),
    parts: [
      card("Text", text_.node),
      card("Run", form),
      started,
      log.node,
      card("Its last runs", runs),
      card("Its sessions", sessions),
    ],
    ready: () => at.values.run && shown(at.values.run, at.values.show, Number(at.values.page ?? 1)),
  };
}

const traded = async (name, at) =>
  (await ask("sessions", { query: { page_size: 500 }, signal: at.signal })).items.filter(
    ({ started_with: start }) => start?.program === name,
  );

function sessionsTable(sessions) {
  const columns = [
    { head: "Session", cell: (one) => link(hashOf(["live", one.id]), one.id) },
    { head: "State", cell: stateBadge },
    { head: "Version", figure: true, cell: (one) => one.started_with.version },
    { head: "Equity", figure: true, cell: (one) => (one.equity === null ? "–" : number(Number(one.equity))) },
    { head: "Positions", figure: true, cell: (one) => one.positions ?? "–" },
    { head: "Market", cell: (one) => [one.exchange, one.timeframe].filter(Boolean).join(", ") },
    { head: "Exchange time (UTC)", cell: (one) => when(one.exchange_time ?? one.last_step) },
  ];
  return plainTable(columns, sessions, { id: "program-sessions", none: "It was not traded on paper yet." });
}

const made = async (name, at) =>
  (await ask("backtest/results", { query: { strategy: name, page_size: 10 }, signal: at.signal })).items;

function runsTable(runs, shown) {
  const columns = [
    { head: "Run", cell: (one) => link(hashOf(["results", one.id]), one.name) },
    { head: "From (UTC)", cell: (one) => when(one.start) },
    { head: "To", cell: (one) => when(one.end) },
    { head: "Symbols", cell: (one) => one.symbols.join(", ") },
    { head: "Trades", figure: true, cell: (one) => count(one.metrics.total_trades) },
    {
      head: "Return",
      figure: true,
      tone: (one) => tone(one.metrics.roi),
      cell: (one) => perCent(one.metrics.roi),
    },
    { head: "", cell: (one) => button("Trigger log", () => shown(one.id), { kind: "quiet" }) },
  ];
  return plainTable(columns, runs, { id: "program-runs", none: "It was not run yet." });
}

// Programs: texts that wake at pools and schedules, written, checked and run here; each runs in a sandbox alone.

import { ask, part, send } from "front/board/client.js";
import { date, field, figure, select, text, words } from "front/board/fields.js";
import { settled } from "front/board/pace.js";
import { button, card, confirmed, empty, head, link, plainTable, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { go, hashOf, keep } from "front/board/routes.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { poolsTable } from "front/places/pools.js";
import { findingsList, programEditor } from "front/places/program_editor.js";
import { follow } from "front/places/run.js";
import { triedTable, triggerLog } from "front/places/trigger_log.js";
import { tried } from "front/places/trials.js";
import { count, perCent, tone } from "front/words.js";

const FIRST = `def decide(market, account, trigger):
    if trigger.symbol in account.positions:
        return None
    rsi = market.get_indicator(trigger.symbol, "rsi(14)")["value"]
    price = market.get_current_prices()[trigger.symbol]
    if rsi is not None and rsi < 30:
        return Decision("buy", stop=price * 0.98, targets=[price * 1.03], reason="oversold")
    return None
`;
const SHIPPED = "practice.yaml";
// What was typed and not kept, by program, for as long as the page is open.
const drafts = new Map();

export async function programsPage(at) {
  const [programs, pools] = await Promise.all(["programs", "pools"].map((path) => ask(path, { signal: at.signal })));
  return {
    name: "Programs",
    head: head("Programs", "woken by pools and schedules"),
    parts: [
      card("Programs", programsTable(programs), opener("program", "programs", "Write a program")),
      card("Pools", poolsTable(pools), opener("pool", "pools", "Write a pool")),
    ],
  };
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
    { head: "Program", cell: (one) => link(hashOf(["programs", one.name]), one.name) },
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
  const [known, pools, configurations] = await Promise.all(
    ["programs", "pools", "configurations"].map((path) => ask(path, { signal: at.signal })),
  );
  const is = known.some((one) => one.name === name);
  const kept = is ? await ask(`programs/${part(name)}`, { query: asked, signal: at.signal }) : null;
  const text_ = textPart(name, kept, at);
  const log = triggerLog(at, el("span", { id: "result-way" }));
  const shown = guarded(async (id) => {
    keep(["programs", name], { run: id });
    document.getElementById("result-way").replaceChildren(link(hashOf(["results", id]), "Look at the result"));
    await log.load(id);
  });
  const started = el("div", { id: "started" });
  const runs = el("div", {});
  const list = async () => runs.replaceChildren(runsTable(await made(name, at), shown));
  const through = (id) => Promise.all([shown(id), list()]);
  const form = runForm(name, pools, configurations, text_, { started, through, at });
  await list();
  return {
    name,
    head: head(name, "a program", text_.state),
    parts: [card("Text", text_.node), card("Run", form), started, log.node, card("Its last runs", runs)],
    ready: () => at.values.run && shown(at.values.run),
  };
}

// The text with its check and its versions: { node, state, value(), stored() }; `stored()` keeps what was changed.
function textPart(name, kept, at) {
  let latest = kept;
  const state = el("span", { class: "note", role: "status", id: "program-state" });
  const findings = el("div", { id: "findings" });
  const reads = el("p", { class: "note", id: "reads" });
  const versions = select([], { id: "version", "aria-label": "Version", onchange: () => to(versions.value) });
  const show = (told) => {
    editor.mark(told.findings);
    findings.replaceChildren(...findingsList(told, editor, name));
    reads.textContent = readsText(told.reads);
  };
  const check = async () => {
    const body = { text: editor.value() };
    show(await ask("programs/check", { method: "POST", body, signal: at.signal }));
  };
  // A server that changes nothing checks nothing either: that is said to whoever asks for it.
  const soon = settled(() => check().catch((error) => error.status !== 403 && tell(error)), 400);
  const tellState = () => {
    const changed = latest === null || editor.value() !== latest.text;
    state.replaceChildren(
      latest === null ? "not kept yet" : changed ? badge("changed", "accent") : `version ${latest.version}`,
    );
  };
  const editor = programEditor(() => {
    if (latest === null || editor.value() !== latest.text) drafts.set(name, editor.value());
    else drafts.delete(name);
    tellState();
    soon();
  });
  const to = (version) => go(["programs", name], { version });
  const fillVersions = () => {
    const all = latest?.versions ?? [];
    versions.replaceChildren(
      ...all.map((one) => el("option", { value: one.version }, `version ${one.version}, ${when(one.saved)}`)),
    );
    versions.hidden = all.length < 2;
    if (latest) versions.value = latest.version;
  };
  const note = text({
    id: "program-note",
    maxlength: 500,
    placeholder: "what is to be known of it",
    "aria-label": "Note",
  });
  const keepText = async () => {
    const body = { text: editor.value(), note: note.value.trim() || undefined };
    latest = await send("PUT", `programs/${part(name)}`, body);
    note.value = "";
    drafts.delete(name);
    fillVersions();
    show(latest);
    tellState();
    return latest;
  };
  const stored = () => (latest === null || editor.value() !== latest.text ? keepText() : latest);
  const remove = button(
    "Remove",
    async () => {
      const explained = "Runs that it made stay: each has its own copy.";
      if (!(await confirmed(`Remove program ${name}?`, explained, "Remove"))) return;
      await send("DELETE", `programs/${part(name)}`);
      drafts.delete(name);
      go(["programs"]);
    },
    { kind: "danger", id: "remove" },
  );
  const ways = el(
    "div",
    { class: "controls" },
    button("Keep", keepText, { kind: "main", id: "keep" }),
    button("Check", check, { id: "check" }),
    note,
    versions,
    kept && remove,
  );
  const about = el(
    "p",
    { class: "note", id: "text-note" },
    "Tab leaves the text; Ctrl-] and Ctrl-[ move lines in and out.",
  );
  const draft = at.values.version ? undefined : drafts.get(name);
  editor.fill(draft ?? kept?.text ?? FIRST);
  fillVersions();
  if (kept && draft === undefined) show(kept);
  return { node: el("div", {}, editor.node, about, ways, findings, reads), state, stored, value: editor.value };
}

function readsText({ indicators, klines, flows, regimes }) {
  const on = ([name, period]) => (period ? `${name} on ${period}` : name);
  const read = [
    ...Object.entries(klines).map(([period, most]) => on([`${most} candles`, period])),
    ...indicators.map(on),
    ...flows.map(on),
    ...regimes.map((period) => on(["regime", period])),
  ];
  return read.length > 0 ? `It reads ${read.join(", ")}.` : "";
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

function runForm(name, pools, configurations, text_, { started, through, at }) {
  if (configurations.length === 0) {
    return empty("The folder of configurations is empty: start the server with --config DIR.");
  }
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
  const config = select(
    configurations.map((one) => [one, one]),
    { id: "run-config" },
  );
  if (configurations.includes(SHIPPED)) config.value = SHIPPED;
  const symbols = text({ id: "run-symbols", placeholder: "of the configuration" });
  const timeframe = text({ id: "run-timeframe", placeholder: "of the configuration" });
  const start = date({ id: "run-start", value: "2024-01-01", required: true });
  const end = date({ id: "run-end", value: "2024-02-01", required: true });
  const capital = figure({ id: "run-capital", min: 0, placeholder: "of the configuration" });
  const called = text({ id: "run-name", maxlength: 200 });
  const market = () => ({
    pools: [...woken],
    schedule: schedule.value.trim() || undefined,
    config: config.value,
    symbols: words(symbols.value).length > 0 ? words(symbols.value) : undefined,
    timeframe: timeframe.value.trim() || undefined,
  });
  const run = el("button", { type: "submit", class: "main", id: "start" }, "Run it");
  const answered = el("div", { id: "tried" });
  const once = button(
    "Call it once",
    async () => {
      const body = { text: text_.value(), ...market(), at: end.value };
      const calls = await tried("programs/try", body, at, answered);
      if (calls !== null) answered.replaceChildren(triedTable(calls));
    },
    { id: "once", title: "In the sandbox, on the last candle; nothing is traded" },
  );
  const submitted = guarded(async (event) => {
    event.preventDefault();
    run.disabled = true;
    try {
      const { version } = await text_.stored();
      const asked = await send("POST", `programs/${part(name)}/run`, {
        version,
        ...market(),
        start_date: start.value,
        end_date: end.value,
        initial_capital: capital.value || undefined,
        name: called.value.trim() || undefined,
      });
      started.prepend(follow(asked, at, () => through(asked.backtest_id)));
    } finally {
      run.disabled = false;
    }
  });
  return el(
    "form",
    { id: "ask", onsubmit: submitted },
    el("h3", {}, "When it is woken"),
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
    el(
      "div",
      { class: "fields" },
      field("Schedule", schedule, "1h, 4h, 1d, or cron in UTC: 30 8 * * 1-5."),
      field("Configuration", config, "Its market, risk and costs."),
      field("Symbols", symbols, "Such as BTC/USDT, ETH/USDT."),
      field("Candles", timeframe),
      field("From", start, "UTC."),
      field("To", end, "UTC, exclusive."),
      field("Capital", capital, "In quote currency."),
      field("Name", called, "What the run is called."),
    ),
    el("div", { class: "controls" }, run, once),
    answered,
  );
}

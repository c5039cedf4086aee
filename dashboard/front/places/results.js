// The list of runs: filtered, sorted, a page at a time; tagged, noted, compared and removed.

import { ask, part, send } from "front/board/client.js";
import { field, select, text, words } from "front/board/fields.js";
import { atMost, settled } from "front/board/pace.js";
import { button, confirmed, empty, head, link, opened, pages, statusOf, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { go, hashOf, keep } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { count, day, number, perCent, plus, tone } from "front/words.js";

const FILTERS = ["text", "status", "kind", "symbol", "strategy", "tag", "since", "until", "min_trades"];
const STATUSES = ["COMPLETED", "RUNNING", "PENDING", "FAILED", "CANCELLED"];

const money = (value) => (value === null ? null : Number(value));
const signed = (value, said) => plus(said(value), value);

const COLUMNS = [
  { sort: "name", head: "Run", up: true, cell: (run) => runName(run) },
  { sort: "strategy", head: "Strategy", up: true, cell: (run) => run.strategy ?? "–" },
  { head: "Symbols", cell: (run) => shortened(run.symbols) },
  { sort: "timeframe", head: "Candles", up: true, cell: (run) => run.timeframe ?? "–" },
  { sort: "start", head: "Window", cell: windowOf },
  {
    sort: "net_profit",
    head: "Result",
    figure: true,
    tone: (run) => tone(money(run.metrics.total_profit_loss)),
    cell: (run) => signed(money(run.metrics.total_profit_loss), number),
  },
  {
    sort: "total_return_pct",
    head: "Return",
    figure: true,
    tone: (run) => tone(run.metrics.roi),
    cell: (run) => signed(run.metrics.roi, perCent),
  },
  { sort: "trades", head: "Trades", figure: true, cell: (run) => count(run.metrics.total_trades) },
  { sort: "win_rate", head: "Won", figure: true, cell: (run) => perCent(run.metrics.win_rate, 1) },
  { sort: "profit_factor", head: "PF", figure: true, cell: (run) => number(run.metrics.profit_factor) },
  { sort: "sharpe", head: "Sharpe", figure: true, cell: (run) => number(run.metrics.sharpe_ratio) },
  {
    sort: "max_drawdown_pct",
    head: "Drawdown",
    figure: true,
    cell: (run) => perCent(run.metrics.max_drawdown_percentage),
  },
  { sort: "started", head: "Made (UTC)", cell: (run) => when(run.created).slice(0, 16) },
];

function windowOf({ start, end }) {
  return start ? [el("div", {}, `${dayOf(start)} –`), el("div", {}, dayOf(end))] : "–";
}

const dayOf = (text) => day(Date.parse(text));
const shortened = (all) =>
  all.length > 2 ? el("span", { title: all.join(", ") }, `${all.length} symbols`) : all.join(", ");

/** A run as lists name it, with the way to it. */
export function runName(run) {
  return [
    link(hashOf(["results", run.id]), run.name),
    " ",
    el("span", { class: "note code" }, run.kind === "backtest" ? run.id.slice(0, 8) : run.id !== run.name && run.id),
    " ",
    run.status !== "COMPLETED" && statusOf(run.status),
    run.kind === "live" && el("span", { class: "badge accent" }, "live"),
    run.tags.map((one) => el("span", { class: "badge" }, one)),
    run.stored_as && run.stored_as !== run.name && el("div", { class: "note code" }, run.stored_as),
    run.note && el("div", { class: "note" }, run.note),
  ];
}

export async function resultsPage(at) {
  const state = { sort: "started", page: "1", ...at.values };
  const chosen = new Map();
  const place = el("div", { "aria-live": "polite" });
  const bar = el("div", { class: "controls", id: "chosen" });
  const showChosen = () => bar.replaceChildren(...chosenWays(chosen, load));
  const load = guarded(async () => {
    const told = await read(state, at.signal);
    for (const id of chosen.keys()) if (!told.items.some((one) => one.id === id)) chosen.delete(id);
    place.replaceChildren(...list(told, state, { change, chosen, showChosen }));
    showChosen();
  });
  const change = (changes) => {
    Object.assign(state, { page: "1" }, changes);
    keep(["results"], {
      ...state,
      sort: state.sort === "started" ? "" : state.sort,
      page: state.page === "1" ? "" : state.page,
    });
    return load();
  };
  const soon = atMost(load, 500);
  at.onLeave(listen(["jobs"], { ended: soon }, soon));
  await load();
  return {
    name: "Results",
    head: head("Results", "all runs, and live sessions"),
    parts: [el("section", { class: "card", id: "results" }, filters(state, change), bar, place)],
  };
}

const read = (state, signal) => ask("backtest/results", { query: { page_size: 50, ...state }, signal });

function filters(state, change) {
  const typed = (name, placeholder, properties = {}) => {
    const soon = settled(() => change({ [name]: control.value.trim() }), 300);
    const control = text({
      placeholder,
      "aria-label": placeholder,
      value: state[name] ?? "",
      oninput: soon,
      ...properties,
    });
    control.dataset.filter = name;
    return control;
  };
  const picked = (name, all, options) => {
    const control = select([["", all], ...options], {
      "aria-label": all,
      onchange: () => change({ [name]: control.value }),
    });
    control.value = state[name] ?? "";
    control.dataset.filter = name;
    return control;
  };
  const dated = (name, label) => el("label", { class: "tick" }, label, typed(name, label, { type: "date" }));
  const controls = [
    typed("text", "Name, note, tag, symbol…", { type: "search" }),
    picked(
      "status",
      "Any status",
      STATUSES.map((one) => [one, one.toLowerCase()]),
    ),
    picked("kind", "Backtests and sessions", [
      ["backtest", "Backtests"],
      ["live", "Live sessions"],
    ]),
  ];
  const more = [
    typed("symbol", "Symbol"),
    typed("strategy", "Strategy"),
    typed("tag", "Tag"),
    typed("min_trades", "Trades at least", { type: "number", min: 0 }),
    dated("since", "made from"),
    dated("until", "to"),
  ];
  const used = FILTERS.slice(3).some((name) => state[name]);
  return el(
    "div",
    { role: "search" },
    el("div", { class: "controls" }, controls),
    el("details", { open: used }, el("summary", {}, "More filters"), el("div", { class: "controls" }, more)),
  );
}

function list(told, state, { change, chosen, showChosen }) {
  if (told.total === 0) {
    const filtered = FILTERS.some((name) => state[name]);
    const none = filtered
      ? ["No run is like that. ", link("#/results", "Show all")]
      : ["Nothing has been run yet. ", link("#/run", "Run a backtest"), ", and it stands here."];
    return [empty(...none)];
  }
  const rows = told.items.map((run) => {
    const box = el("input", {
      type: "checkbox",
      "aria-label": `Choose ${run.name} ${run.id}`,
      checked: chosen.has(run.id),
      onchange: () => {
        if (box.checked) chosen.set(run.id, run);
        else chosen.delete(run.id);
        showChosen();
      },
    });
    const cells = COLUMNS.map((one) =>
      el("td", { class: `${one.figure ? "figure" : ""} ${one.tone?.(run) ?? ""}` }, one.cell(run)),
    );
    return el("tr", { "data-id": run.id }, el("td", {}, box), cells);
  });
  const heads = el(
    "tr",
    {},
    el("th", {}, ""),
    COLUMNS.map((one) => sortHead(one, state, change)),
  );
  return [
    el("div", { class: "scroll" }, el("table", { id: "runs" }, el("thead", {}, heads), el("tbody", {}, rows))),
    pages(told, ["run", "runs"], (page) => change({ page: String(page) })),
  ];
}

// The server sorts texts upwards and figures downwards; a minus turns it round.
function sortHead({ sort, head: said, up, figure }, state, change) {
  if (!sort) return el("th", { scope: "col" }, said);
  const [name, turned] = [state.sort.replace(/^-/, ""), state.sort.startsWith("-")];
  const own = name === sort;
  const order = own ? ((up ?? false) !== turned ? "ascending" : "descending") : null;
  const pressed = () => change({ sort: own && !turned ? `-${sort}` : sort });
  return el(
    "th",
    { scope: "col", class: figure ? "figure" : "", "aria-sort": order, "data-sort": sort },
    el("button", { type: "button", onclick: pressed }, said),
  );
}

function chosenWays(chosen, load) {
  const runs = [...chosen.values()];
  if (runs.length === 0) return [el("span", { class: "note" }, "Choose runs to compare, name, tag, note or remove them.")];
  const compare = button("Compare", () => go(["compare"], { runs: runs.map((one) => one.id).join(",") }), {
    disabled: runs.length < 2,
    title: runs.length < 2 ? "Choose two or more" : null,
  });
  return [
    el("b", {}, `${count(runs.length)} chosen`),
    compare,
    button("Name, tags, note", () => said(runs).then((done) => done && load())),
    button("Remove", () => removed(runs).then((done) => done && load()), { kind: "danger" }),
  ];
}

/** Lets names, tags and notes of runs be changed; resolves to whether they were. */
export function said(runs) {
  const one = runs.length === 1 ? runs[0] : null;
  const tags = text({ value: one ? one.tags.join(", ") : "" });
  const note = el("textarea", { rows: 3, maxlength: 2000 });
  note.value = one?.note ?? "";
  const called = one && one.name !== one.stored_as ? one.name : "";
  const name = text({ value: called, maxlength: 200, placeholder: one?.stored_as });
  const kept = async () => {
    const added = words(tags.value);
    for (const run of runs) {
      const changes = one
        ? { name: name.value, tags: added, note: note.value }
        : { tags: [...new Set([...run.tags, ...added])], ...(note.value.trim() ? { note: note.value } : {}) };
      await send("PATCH", `backtest/results/${part(run.id)}`, changes);
    }
  };
  return opened((close) => [
    el("h2", {}, one ? one.name : `${runs.length} runs`),
    one && field("Name", name, "What the run is called; empty is the name of its folder."),
    field("Tags", tags, one ? "With commas between." : "Added to those that each has, with commas between."),
    field("Note", note, one ? "" : "In the place of each one's; empty changes none."),
    el(
      "div",
      { class: "controls" },
      el("button", { type: "button", onclick: () => close(false) }, "Leave as it is"),
      button(
        "Keep",
        async () => {
          try {
            await kept();
            close(true);
          } catch (error) {
            close(false);
            tell(error);
          }
        },
        { kind: "main" },
      ),
    ),
  ]);
}

/** Removes runs, after a question; resolves to whether it was done. */
export async function removed(runs) {
  const name = runs.length === 1 ? runs[0].name : `${runs.length} runs`;
  const sure = await confirmed(
    `Remove ${name}?`,
    "Their files go as well, and cannot be had back.",
    "Remove with all files",
  );
  if (!sure) return false;
  for (const run of runs) await send("DELETE", `backtest/results/${part(run.id)}`, undefined, { files: "true" });
  return true;
}

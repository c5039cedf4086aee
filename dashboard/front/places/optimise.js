// Searches for parameters: asked for, watched, and what they came to.

import { ask, part, send } from "front/board/client.js";
import { field, figure, numberOf, resolved, select, text } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { button, card, empty, facts, head, link, plainTable, progress, statusOf, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { go, hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { partLinks } from "front/page_frame.js";
import { studyPage } from "front/study/study_page.js";
import { validationPage } from "front/study/validation_page.js";
import { count, number, perCent } from "front/words.js";

const PATH = "backtest/optimize";
const SAMPLERS = [
  ["grid", "grid: every point"],
  ["random", "random"],
  ["qmc", "quasi-random (QMC)"],
  ["tpe", "TPE: learns where it is good"],
  ["cmaes", "CMA-ES"],
  ["nsga2", "NSGA-II: several metrics"],
  ["genetic", "genetic"],
];
// A newcomer has no account anywhere, and no network perhaps.
const offline = (system) => system.exchange === "practice";
const OPEN = ["PENDING", "RUNNING"];

export async function searchesPage(at) {
  const [systems, strategies, metrics] = await Promise.all(
    ["systems", "strategies", "metrics"].map((path) => ask(path, { signal: at.signal })),
  );
  const list = el("div", {});
  const load = async () => {
    const told = await ask(PATH, { query: { page_size: 100 }, signal: at.signal });
    list.replaceChildren(searchesTable(told.items));
  };
  const soon = atMost(() => load().catch(tell), 1_000);
  at.onLeave(listen(["jobs"], { submitted: soon, progress: soon, ended: soon }, soon));
  await load();
  const whole = systems.filter((one) => !one.problem && one.strategy);
  return {
    name: "Optimise",
    head: head("Optimise", "the parameters of a system"),
    parts: [card("A search", searchForm(whole, strategies, metrics, at.values)), card("Searches", list)],
  };
}

function searchesTable(searches) {
  const columns = [
    { head: "Search", cell: (one) => link(hashOf(["optimise", one.optimization_id]), one.name) },
    { head: "Status", cell: (one) => statusOf(one.status) },
    { head: "Done", figure: true, cell: (one) => (one.progress ? perCent(one.progress.percent, 0) : "–") },
    { head: "Kind", cell: (one) => (one.kind === "study" ? (one.sampler ?? "–") : one.kind) },
    { head: "System", cell: (one) => [one.system, one.window].filter(Boolean).join(", ") || "–" },
    { head: "Metric", cell: (one) => one.metric ?? "–" },
    { head: "Asked for (UTC)", cell: (one) => when(one.created) },
  ];
  return plainTable(columns, searches, { id: "searches", none: "None was made yet: fill in the form above." });
}

function searchForm(systems, strategies, metrics, { system: asked }) {
  if (systems.length === 0)
    return empty("A search is of a system, and there is none: ", link("#/systems", "Systems"), ".");
  const system = select(
    systems.map((one) => [one.id, one.id]),
    { id: "search-system", onchange: () => fill() },
  );
  system.value = (systems.find((one) => one.id === asked) ?? systems.find(offline) ?? systems[0]).id;
  const windows = select([], { id: "search-window" });
  const ranges = el("div", { id: "ranges" });
  let rows = [];
  const fill = () => {
    const own = systems.find((one) => one.id === system.value);
    windows.replaceChildren(
      ...Object.entries(own.windows).map(([name, span]) => el("option", { value: name }, `${name}: ${span}`)),
    );
    const strategy = strategies.find((one) => one.name === own.strategy);
    rows = strategy ? rangeRows(strategy) : [];
    const none = empty("The parameters of a strategy of one's own are not known here; name them in the system's file.");
    ranges.replaceChildren(...(rows.length > 0 ? rows.map((one) => one.node) : [none]));
  };
  const sampler = select(SAMPLERS, { id: "search-sampler" });
  const [trials, seed, least, best] = ["trials", "seed", "least", "best"].map((name) =>
    figure({ step: 1, min: 0, id: `search-${name}` }),
  );
  const metric = text({ list: "metrics", id: "search-metric", placeholder: "sharpe" });
  const names = el(
    "datalist",
    { id: "metrics" },
    metrics.map((one) => el("option", { value: one })),
  );
  const conditions = text({ placeholder: "ema_fast < ema_slow", id: "search-conditions" });
  const [train, test] = [text({ placeholder: "30d" }), text({ placeholder: "10d" })];
  const [groups, out] = ["groups", "left-out"].map((name) => figure({ step: 1, min: 1, id: `search-${name}` }));
  const [purge, embargo] = ["purge", "embargo"].map((name) => text({ placeholder: "0c", id: `search-${name}` }));
  fill();
  const run = el("button", { type: "submit", class: "main", id: "search" }, "Search");
  const value = () => {
    const chosen = rows.filter((one) => one.chosen()).map((one) => [one.name, one.range()]);
    const folds = train.value.trim() || test.value.trim();
    return {
      system: system.value,
      window: windows.value || undefined,
      parameter_ranges: chosen.length > 0 ? Object.fromEntries(chosen) : undefined,
      conditions: conditions.value.trim() ? conditions.value.split(",").map((one) => one.trim()) : undefined,
      sampler: sampler.value,
      trials: numberOf(trials),
      metric: metric.value.trim() || undefined,
      seed: numberOf(seed),
      min_trades: numberOf(least),
      best: numberOf(best),
      walk_forward: folds ? { train: train.value.trim(), test: test.value.trim() } : undefined,
      cross_validation: groups.value.trim() || out.value.trim() ? groupsOf(groups, out, purge, embargo) : undefined,
    };
  };
  const submitted = guarded(async (event) => {
    event.preventDefault();
    run.disabled = true;
    try {
      const made = await send("POST", PATH, value());
      go(["optimise", made.optimization_id]);
    } finally {
      run.disabled = false;
    }
  });
  return el(
    "form",
    { id: "search-form", onsubmit: submitted },
    el("div", { class: "fields" }, field("System", system), field("Window", windows)),
    el("h3", {}, "What is varied"),
    el(
      "p",
      { class: "note" },
      "Ranges: 5..20, with a step 20..60:10, in powers 0.0001..0.01 log, or choices 14, 20, 30.",
    ),
    ranges,
    el("h3", {}, "How"),
    el(
      "div",
      { class: "fields" },
      field("Sampler", sampler),
      field("Trials", trials, "How many points are tried; a grid has its own."),
      field("Metric", metric, "Any figure; :min behind it for the least."),
      field("Conditions", conditions, "With commas between."),
      field("Trades at least", least, "Fewer leave a trial unranked."),
      field("Seed", seed),
      field("Best run again", best, "With all their outputs."),
    ),
    names,
    el(
      "details",
      {},
      el("summary", {}, "Walk forward: search in one stretch, test in the next"),
      el(
        "div",
        { class: "fields" },
        field("Searched in", train, "A length: 30d, 12h or 2000c (candles)."),
        field("Tested in", test, "The stretch after it."),
      ),
    ),
    el(
      "details",
      {},
      el("summary", {}, "Cross-validate: leave groups of the window out, in all ways"),
      el(
        "div",
        { class: "fields" },
        field("Groups", groups, "Parts of the window, of equal length; 6 where only the next is given."),
        field("Left out", out, "So many at a time; 2 where only the number of groups is given."),
        field("Purge", purge, "Not searched beside a group that is left out: 2d or 20c (candles)."),
        field("Embargo", embargo, "Nor beyond that after it."),
      ),
    ),
    el("div", { class: "controls" }, run),
  );
}

const groupsOf = (groups, out, purge, embargo) => ({
  groups: numberOf(groups),
  test_groups: numberOf(out),
  purge: purge.value.trim() || undefined,
  embargo: embargo.value.trim() || undefined,
});

// A parameter of a strategy with a range around its default.
function rangeRows({ parameters, defaults }) {
  return Object.entries(parameters.properties ?? {})
    .map(([name, schema]) => [name, resolved(schema, parameters.$defs ?? {})])
    .filter(([, schema]) => ["integer", "number", "boolean"].includes(schema.type) || schema.enum)
    .map(([name, schema]) => {
      const range = text({
        value: around(schema, defaults[name]),
        "aria-label": `Range of ${name}`,
        "data-range": name,
      });
      const box = el("input", { type: "checkbox", "data-vary": name });
      range.addEventListener("input", () => (box.checked = true));
      const note = [schema.description, defaults[name] !== null && `default ${defaults[name]}`]
        .filter(Boolean)
        .join(" · ");
      const node = el(
        "div",
        { class: "range" },
        el("label", { class: "tick", title: note }, box, name.replaceAll("_", " ")),
        range,
        el("small", { class: "note" }, note),
      );
      return { name, node, chosen: () => box.checked, range: () => rangeOf(range.value) };
    });
}

function around(schema, value) {
  if (schema.type === "boolean") return "true, false";
  if (schema.enum) return schema.enum.join(", ");
  if (typeof value !== "number" || value === 0) return "";
  const within = (one) => Math.min(schema.maximum ?? Infinity, Math.max(schema.minimum ?? -Infinity, one));
  const round = schema.type === "integer" ? Math.round : (one) => Number(one.toPrecision(3));
  const [low, high] = [within(round(value * 0.6)), within(round(value * 1.4))];
  return low < high ? `${low}..${high}` : "";
}

const plain = (word) =>
  word === "true" ? true : word === "false" ? false : Number.isNaN(Number(word)) ? word : Number(word);

const rangeOf = (typed) => (typed.includes("..") ? typed.trim() : typed.split(",").map((one) => plain(one.trim())));

export async function searchPage(at) {
  const [id] = at.words;
  const path = `${PATH}/${part(id)}`;
  const told = await ask(path, { signal: at.signal });
  const drawn = OPEN.includes(told.status) ? null : await ask(`${path}/page`, { signal: at.signal }).catch(() => null);
  if (told.status === "COMPLETED" && drawn) {
    const { title, parts } = drawn.validation ? validationPage(drawn.validation) : studyPage(drawn.study);
    const shown = parts.filter(Boolean);
    const next = el(
      "p",
      { class: "note" },
      "What speaks for a change of the system is gathered under ",
      link("#/recommendations", "Recommendations"),
      ".",
    );
    return { name: told.name, head: el("div", { class: "head" }, title), parts: [next, partLinks(shown), ...shown] };
  }
  return workedPage(told, at);
}

// A search that is at work, or has come to nothing: how far it is, and its best so far.
function workedPage(told, at) {
  const shown = progress();
  const state = el("span", {}, statusOf(told.status));
  const show = (one) => {
    state.replaceChildren(statusOf(one.status));
    shown.show(one);
  };
  show({ ...told, ...(told.progress ?? {}) });
  if (OPEN.includes(told.status) && told.job) {
    const again = atMost(() => dispatchEvent(new Event("hashchange")), 50);
    at.onLeave(listen([`job:${told.job}`], { progress: show, ended: again }, again));
  }
  const cancel = button("Cancel", () => send("POST", `jobs/${told.job}/cancel`));
  const minutes = told.estimated_time_minutes;
  const asked = facts([
    ["System", [told.system, told.window].filter(Boolean).join(", ")],
    [
      "Different points",
      told.total_combinations === null ? "any number: a parameter takes any value" : count(told.total_combinations),
    ],
    ["Trials", told.trials === null ? null : count(told.trials)],
    ["May take", minutes === null ? "is told as soon as trials were measured" : `${number(minutes, 1)} minutes`],
    [
      "Varied",
      Object.entries(told.parameters).map(([name, range]) => el("div", { class: "code" }, `${name} ${range}`)),
    ],
    ["Conditions", told.conditions.join(", ")],
    ["Warnings", told.warnings.join(" ")],
  ]);
  return {
    name: told.name,
    head: head(told.name, `search ${told.optimization_id}`, state),
    parts: [
      card(
        null,
        shown.node,
        el(
          "div",
          { class: "controls" },
          told.job && link(hashOf(["jobs", told.job]), "Log of the job"),
          OPEN.includes(told.status) && told.job && cancel,
        ),
      ),
      card("What is searched", asked),
    ],
  };
}

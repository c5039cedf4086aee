// The page of a study: a search for parameters, its trials, and how much of the best is luck.

import { el, section } from "front/elements.js";
import { histogram } from "front/drawings.js";
import { bestTable, luckFacts, luckWords, psrNote, tileRow, tiles } from "front/study/best_table.js";
import { fanParts } from "front/study/fan.js";
import { foldTable } from "front/study/fold_table.js";
import { heatMap } from "front/study/heat_map.js";
import { history } from "front/study/history.js";
import { importance } from "front/study/importance.js";
import { parallel } from "front/study/parallel.js";
import { slice } from "front/study/slice.js";
import { tradeOff } from "front/study/trade_off.js";
import { unpackStudy } from "front/study/trials.js";
import { themeButton, watchPrinting } from "front/theme.js";
import { count, day, minute } from "front/words.js";

const SHOWN_WARNINGS = 4;
const DAYS = 3 * 86_400_000;

export function openStudy(document) {
  showStudy(document.body, JSON.parse(document.getElementById("data").textContent).study);
}

export function showStudy(body, study) {
  const parts = studyParts(study).filter(Boolean);
  const links = parts
    .filter((one) => one.dataset.title)
    .map((one) => el("a", { href: `#${one.id}` }, one.dataset.title));
  body.append(
    el("header", {}, head(study), themeButton()),
    el("nav", { "aria-label": "Parts of the page" }, links),
    el("main", {}, parts),
    el(
      "footer",
      {},
      el(
        "p",
        {},
        "Times are UTC. The page needs no network: its data is in it, as JSON in columns, in the element “data”.",
      ),
    ),
  );
  watchPrinting();
  body.dataset.ready = "";
}

function head(study) {
  const badge = (text, kind = "") => el("span", { class: `badge ${kind}` }, text);
  const { symbols, walk } = study;
  const { start_ms: from, end_ms: to } = walk ? walk.window : study;
  const said = to - from < DAYS ? minute : day;
  return el(
    "div",
    { class: "title" },
    el("h1", {}, study.name, " ", el("span", { class: "muted" }, walk?.name ?? `study ${study.id}`)),
    el(
      "p",
      { class: "badges" },
      badge(walk ? "Walk-forward" : "Search for parameters", "accent"),
      study.status === "COMPLETED" ? null : badge(study.status.toLowerCase(), "warning"),
      ...(symbols.length <= 6 ? symbols : [`${symbols.length} symbols`]).map((one) => badge(one)),
      [study.timeframe, study.exchange].filter(Boolean).map((one) => badge(one)),
      badge(`${study.window_name ? `${study.window_name}: ` : ""}${said(from)} – ${said(to)}`),
      badge(`${study.sampler}, seed ${study.seed}`),
    ),
  );
}

function warnings({ warnings: all }) {
  if (all.length === 0) return null;
  const item = (text) => el("li", {}, text);
  const [first, rest] = [all.slice(0, SHOWN_WARNINGS), all.slice(SHOWN_WARNINGS)];
  return el(
    "aside",
    { class: "warnings", id: "warnings" },
    el("b", {}, "Before you believe it"),
    el("ul", {}, first.map(item)),
    rest.length > 0 && el("details", {}, el("summary", {}, `${rest.length} more`), el("ul", {}, rest.map(item))),
  );
}

function made(rows) {
  const cells = rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "code" }, value)),
  );
  return el("table", { class: "facts told" }, el("tbody", {}, cells));
}

function values(trials) {
  const [first] = trials.objectives;
  const reached = trials.ranked.map((row) => first.values[row]);
  return histogram(`${first.label} of the points`, reached, first.unit);
}

function studyParts(study) {
  const trials = unpackStudy(study);
  const varied = trials.parameters.filter((one) => new Set(one.values).size > 1);
  const order = study.importance[0].map((one) => one.name);
  trials.byImportance = [...(varied.length > 1 ? varied : trials.parameters)].sort(
    (one, other) => order.indexOf(one.name) - order.indexOf(other.name),
  );
  const { counts } = study;
  const few = trials.rows.length < counts.trials;
  const note =
    few &&
    el(
      "p",
      { class: "note" },
      `Of ${count(counts.trials)} trials ${count(trials.rows.length)} are in this page: the best, and others at equal distances.`,
    );
  const folds =
    study.walk &&
    section(
      "folds",
      "Folds",
      "In what was searched, and in what came after",
      ...foldTable(trials),
      made(study.walk.facts),
      el("p", { class: "note" }, "All that follows is of the search of the last of these folds: it knows nothing of tests."),
    );
  const first = study.walk ? [tileRow(study.walk.tiles), folds] : [];
  const madeOf = section("made", "Made of", "What the study is made of", made(study.made));
  if (trials.ranked.length === 0) return [...first, tiles(trials), warnings(study), madeOf];
  const several = trials.parameters.length > 1;
  const front = tradeOff(trials);
  const fan = fanParts(study);
  return [
    ...first,
    tiles(trials),
    warnings(study),
    section(
      "best",
      "The best",
      "The best trials, and their luck",
      luckWords(study),
      bestTable(trials),
      psrNote(),
      note,
    ),
    several && section("heat", "Heat map", "Two parameters and what they reached", ...heatMap(trials)),
    section("slice", "One parameter", "One parameter and what it reached", ...slice(trials)),
    several && section("parallel", "All parameters", "All parameters at once", ...parallel(trials)),
    section("importance", "Importance", "How much each parameter explains", ...importance(trials)),
    section(
      "history",
      "History",
      "How the search went",
      ...history(trials),
      el("div", { class: "plots" }, values(trials)),
    ),
    front && section("front", "Front", "What is given for what", ...front),
    fan && section("fan", "Monte Carlo", "What else could have come of the best", ...fan),
    study.luck && section("luck", "Luck", "How much of the best is luck", luckFacts(study)),
    madeOf,
  ];
}

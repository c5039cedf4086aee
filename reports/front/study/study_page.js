// The page of a study: a search for parameters, its trials, and how much of the best is luck.

import { el, section } from "front/elements.js";
import { histogram } from "front/drawings.js";
import { badge, fillPage, heldData, marketHead, tileRow, toldFacts, warningsPart } from "front/page_frame.js";
import { bestTable, luckFacts, luckWords, psrNote, tiles } from "front/study/best_table.js";
import { fanParts } from "front/study/fan.js";
import { foldTable } from "front/study/fold_table.js";
import { heatMap } from "front/study/heat_map.js";
import { history } from "front/study/history.js";
import { importance } from "front/study/importance.js";
import { parallel } from "front/study/parallel.js";
import { slice } from "front/study/slice.js";
import { tradeOff } from "front/study/trade_off.js";
import { unpackStudy } from "front/study/trials.js";
import { count } from "front/words.js";

const CODE = { code: true };

export function openStudy(document) {
  showStudy(document.body, heldData(document).study);
}

export function showStudy(body, study) {
  fillPage(body, studyPage(study));
}

/** Returns the title and the parts of the page. */
export const studyPage = (study) => ({ title: head(study), parts: studyParts(study) });

function head(study) {
  const kind = study.walk ? "Walk-forward" : "Search for parameters";
  const made = { ...study, ...study.walk?.window };
  return marketHead(made, study.walk?.name ?? `study ${study.id}`, kind, badge(`${study.sampler}, seed ${study.seed}`));
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
      toldFacts(study.walk.facts, CODE),
      el("p", { class: "note" }, "All that follows is of the search of the last of these folds: it knows nothing of tests."),
    );
  const doubts = warningsPart(study.warnings, "Before you believe it");
  const first = study.walk ? [tileRow(study.walk.tiles), folds] : [];
  const madeOf = section("made", "Made of", "What the study is made of", toldFacts(study.made, CODE));
  if (trials.ranked.length === 0) return [...first, tiles(trials), doubts, madeOf];
  const several = trials.parameters.length > 1;
  const front = tradeOff(trials);
  const fan = fanParts(study);
  return [
    ...first,
    tiles(trials),
    doubts,
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

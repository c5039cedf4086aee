// The pages by the first word of their address; those with a title stand in the navigation.

import { empty, head } from "front/board/parts.js";
import { alertsPage } from "front/places/alerts.js";
import { comparePage } from "front/places/compare.js";
import { dataPage, seriesPage } from "front/places/data.js";
import { jobPage, jobsPage } from "front/places/jobs.js";
import { sessionsPage } from "front/places/live.js";
import { searchesPage, searchPage } from "front/places/optimise.js";
import { playbackPage, playbacksPage } from "front/places/playback.js";
import { poolPage } from "front/places/pools.js";
import { programPage, programsPage } from "front/places/programs.js";
import { recommendationsPage } from "front/places/recommendations.js";
import { resultPage } from "front/places/result.js";
import { resultsPage } from "front/places/results.js";
import { runPage } from "front/places/run.js";
import { sessionPage } from "front/places/session.js";
import { summaryPage } from "front/places/summary.js";
import { systemPage, systemsPage } from "front/places/systems.js";

const nowhere = async () => ({
  name: "Nowhere",
  head: head("Nowhere"),
  parts: [empty("There is no such page; the ways to all of them are above.")],
});

const listOrOne = (list, one) => (at) => (at.words.length > 0 ? one(at) : list(at));

export const PAGES = {
  run: { title: "Run", open: runPage },
  results: { title: "Results", open: listOrOne(resultsPage, resultPage) },
  summary: { title: "Summary", open: summaryPage },
  compare: { open: comparePage, below: "results" },
  playback: { title: "Playback", open: listOrOne(playbacksPage, playbackPage) },
  optimise: { title: "Optimise", open: listOrOne(searchesPage, searchPage) },
  recommendations: { title: "Recommendations", open: recommendationsPage },
  programs: { title: "Programs", open: listOrOne(programsPage, programPage) },
  pools: { open: listOrOne(programsPage, poolPage), below: "programs" },
  live: { title: "Live", open: listOrOne(sessionsPage, sessionPage) },
  alerts: { title: "Alerts", open: alertsPage },
  data: { title: "Data", open: listOrOne(dataPage, seriesPage) },
  systems: { title: "Systems", open: listOrOne(systemsPage, systemPage) },
  jobs: { title: "Jobs", open: listOrOne(jobsPage, jobPage) },
  nowhere: { open: nowhere },
};

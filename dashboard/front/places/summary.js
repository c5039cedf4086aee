// All runs together: how many, the best and the worst, by strategy and symbol, what is being made, the disc.

import { ask } from "front/board/client.js";
import { atMost } from "front/board/pace.js";
import { card, empty, facts, head, link, plainTable, progress, statusOf, when } from "front/board/parts.js";
import { tell } from "front/board/problems.js";
import { hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { tileRow } from "front/page_frame.js";
import { resultOf } from "front/places/jobs.js";
import { sessionsTable } from "front/places/live.js";
import { runName } from "front/places/results.js";
import { count, number, perCent, plus, tone } from "front/words.js";

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];
const SHOWN_GROUPS = 12;

export async function summaryPage(at) {
  const place = el("div", { class: "parts" });
  const load = async () => {
    const told = await ask("backtest/summary", { signal: at.signal });
    place.replaceChildren(...partsOf(told).filter(Boolean));
    // The disc is counted beside the requests: a first answer has no sizes.
    if (Object.values(told.disc.folders).includes(null)) soon();
  };
  const soon = atMost(() => load().catch((error) => at.signal.aborted || tell(error)), 2_000);
  const kinds = { submitted: soon, progress: soon, ended: soon, session: soon };
  at.onLeave(listen(["jobs", "sessions"], kinds, soon));
  await load();
  return { name: "Summary", head: head("Summary", "of all runs"), parts: [place] };
}

function partsOf(told) {
  const running = [
    told.sessions.length > 0 && card("Sessions that run", sessionsTable(told.sessions, "running-sessions")),
    told.jobs.length > 0 && card("Being made", jobsTable(told.jobs)),
  ];
  if (told.total === 0) {
    const none = empty("Nothing has been run yet. ", link("#/run", "Run a backtest"), ", and it is summed up here.");
    return [tiles(told), ...running, card(null, none), unreadable(told.unreadable)];
  }
  return [
    tiles(told),
    ...running,
    card("Last runs", runsTable(told.last, "last")),
    el(
      "div",
      { class: "columns" },
      card("The best, by return", runsTable(told.best, "best")),
      card("The worst", runsTable(told.worst, "worst")),
      card("By strategy", groupsTable(told.strategies, "strategy")),
      card("By symbol", groupsTable(told.symbols, "symbol")),
    ),
    unreadable(told.unreadable),
    card("The disc", discFacts(told.disc)),
  ];
}

function unreadable(folders) {
  if (folders.length === 0) return null;
  const columns = [
    { head: "Folder", cell: (one) => el("span", { class: "code" }, one.folder) },
    { head: "Why", cell: (one) => one.reason },
  ];
  return card("Folders that cannot be read", plainTable(columns, folders, { id: "unreadable" }));
}

function tiles({ total, statuses, kinds, strategies, jobs, sessions, disc }) {
  const others = Object.entries(statuses)
    .filter(([status]) => status !== "COMPLETED")
    .map(([status, many]) => `${count(many)} ${status.toLowerCase()}`);
  const measured = strategies.filter((one) => one.mean_roi !== null);
  const profitable = measured.reduce((sum, one) => sum + one.profitable, 0);
  const taken = Object.values(disc.folders);
  const size = taken.includes(null) ? "counting…" : bytes(taken.reduce((sum, one) => sum + one, 0));
  return tileRow([
    ["Runs", count(total), [`${count(statuses.COMPLETED ?? 0)} completed`, ...others].join(", ")],
    ["Earned something", total > 0 ? perCent((100 * profitable) / total, 0) : "n/a", `${count(profitable)} runs`],
    ["Backtests", count(kinds.backtest ?? 0), "made here or by commands"],
    [
      "Live sessions",
      count((kinds.live ?? 0) + sessions.length),
      sessions.length > 0 ? `${count(sessions.length)} running now` : "live and rehearsed",
    ],
    ["Jobs", count(jobs.length), "wait or are being made"],
    ["On the disc", size, disc.free === null ? "" : `${bytes(disc.free)} are free`],
  ]);
}

function bytes(value) {
  const place = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  return `${number(value / 1000 ** place, place === 0 ? 0 : 1)} ${UNITS[place]}`;
}

function runsTable(runs, id) {
  const made = { head: "Made (UTC)", cell: (one) => when(one.created).slice(0, 16) };
  const roi = (one) => one.metrics.roi;
  const columns = [
    { head: "Run", cell: runName },
    { head: "Return", figure: true, tone: (one) => tone(roi(one)), cell: (one) => plus(perCent(roi(one)), roi(one)) },
    { head: "Trades", figure: true, cell: (one) => count(one.metrics.total_trades) },
    { head: "Sharpe", figure: true, cell: (one) => number(one.metrics.sharpe_ratio) },
    { head: "Drawdown", figure: true, cell: (one) => perCent(one.metrics.max_drawdown_percentage) },
    ...(id === "last" ? [made] : []),
  ];
  return plainTable(columns, runs, { id: `${id}-runs`, none: "No run has a return yet." });
}

function groupsTable(groups, what) {
  const signed = (value) => plus(perCent(value), value);
  const figure = (title, name) => ({
    head: title,
    figure: true,
    tone: (one) => tone(one[name]),
    cell: (one) => signed(one[name]),
  });
  const columns = [
    { head: "", cell: (one) => link(hashOf(["results"], { [what]: one.name }), one.name) },
    { head: "Runs", figure: true, cell: (one) => count(one.runs) },
    { head: "Profitable", figure: true, cell: (one) => count(one.profitable) },
    figure("Mean return", "mean_roi"),
    figure("Best", "best_roi"),
    figure("Worst", "worst_roi"),
    { head: "Trades", figure: true, cell: (one) => count(one.trades) },
  ];
  const more = groups.length - SHOWN_GROUPS;
  return [
    plainTable(columns, groups.slice(0, SHOWN_GROUPS), { id: `by-${what}` }),
    more > 0 && el("p", { class: "note" }, `${count(more)} more, of fewer runs.`),
  ];
}

function jobsTable(jobs) {
  const shown = (job) => {
    const far = progress();
    far.show({ ...job, ...job.progress, eta_ms: job.progress.ends && Date.parse(job.progress.ends) });
    return far.node;
  };
  const columns = [
    { head: "Job", cell: (job) => link(hashOf(["jobs", job.id]), `${job.id} ${job.title ?? job.kind}`) },
    { head: "Status", cell: (job) => statusOf(job.status) },
    { head: "How far", cell: shown },
    { head: "", cell: (job) => resultOf(job) && link(resultOf(job), "result") },
  ];
  return plainTable(columns, jobs, { id: "open-jobs" });
}

function discFacts({ folders, free, total }) {
  const size = (value) => (value === null ? "being counted" : bytes(value));
  return facts([
    ...Object.entries(folders).map(([name, value]) => [name, size(value)]),
    ["Free", free === null ? null : `${bytes(free)} of ${bytes(total)}`],
  ]);
}

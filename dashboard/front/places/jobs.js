// Jobs: which wait, which are made, what they say, and their end.

import { ask, part, send } from "front/board/client.js";
import { atMost } from "front/board/pace.js";
import { button, card, empty, facts, head, link, pages, plainTable, progress, statusOf, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { minute, perCent } from "front/words.js";

const open = (job) => job.status === "PENDING" || job.status === "RUNNING";

/** Where the result of a job is; null where it has none yet. */
export function resultOf({ kind, outcome, id }) {
  if (kind === "backtest" && outcome?.run) return hashOf(["results", `b${id}`]);
  if (["study", "optimise", "walk-forward", "cross-validation"].includes(kind)) return hashOf(["optimise", `o${id}`]);
  if (kind === "recommend" || kind === "review") return "#/recommendations";
  if (kind === "fetch") return "#/data";
  return null;
}

const cancel = (job, then) =>
  button("Cancel", async () => {
    await send("POST", `jobs/${job.id}/cancel`);
    await then();
  });

export async function jobsPage(at) {
  const place = el("div", {});
  const page = { now: Number(at.values.page ?? 1) };
  const load = async () => {
    const told = await ask("jobs", { query: { page: page.now, page_size: 50 }, signal: at.signal });
    place.replaceChildren(jobsTable(told.items, load), pages(told, ["job", "jobs"], turned));
  };
  const turned = guarded((to) => {
    page.now = to;
    return load();
  });
  const soon = atMost(guarded(load), 300);
  at.onLeave(listen(["jobs"], { submitted: soon, progress: soon, ended: soon }, soon));
  await load();
  return { name: "Jobs", head: head("Jobs", "what workers make"), parts: [card(null, place)] };
}

function jobsTable(jobs, load) {
  const columns = [
    { head: "Job", cell: (job) => link(hashOf(["jobs", job.id]), `${job.id} ${job.title ?? job.kind}`) },
    { head: "Kind", cell: (job) => job.kind },
    { head: "Status", cell: (job) => statusOf(job.status) },
    {
      head: "Done",
      figure: true,
      cell: (job) => (job.progress.percent === null ? "–" : perCent(job.progress.percent, 0)),
    },
    { head: "Asked for (UTC)", cell: (job) => when(job.created) },
    { head: "Ended", cell: (job) => when(job.ended) },
    {
      head: "",
      cell: (job) => (open(job) ? cancel(job, load) : resultOf(job) && link(resultOf(job), "result")),
    },
  ];
  const none = ["Nothing was asked for yet: ", link("#/run", "run a backtest"), " and it is a job here."];
  return jobs.length > 0 ? plainTable(columns, jobs, { id: "jobs" }) : empty(...none);
}

export async function jobPage(at) {
  const [id] = at.words;
  const shown = progress();
  const [state, ways, log, told] = [
    el("span", {}),
    el("div", { class: "controls" }),
    el("pre", { id: "log", tabindex: "0" }),
    el("div", {}),
  ];
  const line = (time, said) => log.append(`${time} ${said}\n`);
  const load = async () => {
    const job = await ask(`jobs/${part(id)}`, { signal: at.signal });
    state.replaceChildren(statusOf(job.status));
    shown.show({ ...job, ...job.progress, eta_ms: job.progress.ends && Date.parse(job.progress.ends) });
    const result = resultOf(job);
    ways.replaceChildren(
      ...[result && link(result, "Look at the result"), open(job) && cancel(job, load)].filter(Boolean),
    );
    log.replaceChildren();
    for (const one of job.log) line(when(one.time), one.text);
    if (job.log.length === 0) log.append("Nothing was said yet.\n");
    told.replaceChildren(
      facts([
        ["Asked for", when(job.created)],
        ["Begun", job.started && when(job.started)],
        ["Ended", job.ended && when(job.ended)],
        ["Worker", job.worker],
        ["Attempts", job.attempts],
        ["Failure", job.failure],
        ["Request", el("code", {}, JSON.stringify(job.request))],
      ]),
    );
    return job;
  };
  const reload = atMost(() => load().catch(tell), 100);
  const moved = (job) => {
    state.replaceChildren(statusOf(job.status));
    shown.show(job);
  };
  const said = ({ time_ms: time, text }) => line(minute(time), text);
  at.onLeave(listen([`job:${id}`], { progress: moved, ended: reload, line: said }, reload));
  const job = await load();
  return {
    name: `Job ${id}`,
    head: head(job.title ?? job.kind, `job ${id}, ${job.kind}`, state),
    parts: [card(null, shown.node, ways), card("Log", log), card("What it is", told)],
  };
}

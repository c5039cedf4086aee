// Asks for a backtest, of a configuration or a system, and shows how it goes.

import { ask, part, send } from "front/board/client.js";
import { button, card, head, link, progress, statusOf } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { hashOf } from "front/board/routes.js";
import { playBack } from "front/places/playback.js";
import { configurationForm, systemForm } from "front/places/run_forms.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";

export async function runPage(at) {
  const [configurations, strategies, systems] = await Promise.all(
    ["configurations", "strategies", "systems"].map((path) => ask(path, { signal: at.signal })),
  );
  const whole = systems.filter((one) => !one.problem);
  const started = el("div", { id: "started" });
  const ways = [
    ["config", "A configuration", configurationForm(configurations, strategies, at)],
    ["system", "A system", systemForm(whole, at)],
  ];
  const begin = at.values.system ? "system" : "config";
  const forms = el("div", {});
  let form = null;
  const choose = (name) => {
    form = ways.find(([own]) => own === name)[2];
    forms.replaceChildren(form.node);
  };
  const tabs = el(
    "div",
    { class: "controls", role: "radiogroup", "aria-label": "What is run" },
    ways.map(([name, said]) => {
      const box = el("input", {
        type: "radio",
        name: "way",
        value: name,
        checked: name === begin,
        onchange: () => choose(name),
      });
      return el("label", { class: "tick" }, box, said);
    }),
  );
  choose(begin);
  await Promise.all(ways.map(([, , one]) => one.ready));
  const run = el("button", { type: "submit", class: "main", id: "start" }, "Run the backtest");
  const play = button("Play it back instead", () => playBack({ asked: form.value() }), {
    title: "Nothing is written; you can step through it, and hold it still",
  });
  const submitted = guarded(async (event) => {
    event.preventDefault();
    run.disabled = true;
    try {
      const made = await send("POST", "backtest/run", form.value());
      started.prepend(follow(made, at));
    } finally {
      run.disabled = false;
    }
  });
  const whole_ = el(
    "form",
    { id: "ask", onsubmit: submitted },
    tabs,
    forms,
    el("div", { class: "controls" }, run, play),
  );
  return {
    name: "Run",
    head: head("Run", "a backtest"),
    parts: [started, el("section", { class: "card" }, whole_)],
  };
}

/** A backtest that was asked for: how far it is, and where its result is; `made` is called as soon as there is one. */
export function follow({ backtest_id: id, job, message }, at, made = () => {}) {
  const shown = progress();
  const state = el("span", {}, statusOf("PENDING"));
  const ways = el("div", { class: "controls" });
  const end = button("Cancel", () => send("POST", `jobs/${job}/cancel`), { kind: "quiet" });
  let through = false;
  const update = (told) => {
    state.replaceChildren(statusOf(told.status));
    shown.show(told);
    if (told.status === "COMPLETED" && !through) made();
    through = told.status === "COMPLETED";
    const over = told.status !== "PENDING" && told.status !== "RUNNING";
    const result = told.status === "COMPLETED" && link(hashOf(["results", id]), "Look at the result");
    ways.replaceChildren(...[result, link(hashOf(["jobs", job]), "Log of the job"), !over && end].filter(Boolean));
  };
  const reread = async () => {
    try {
      const told = await ask(`jobs/${part(job)}`, { signal: at.signal });
      update({ ...told, ...told.progress, eta_ms: told.progress.ends && Date.parse(told.progress.ends) });
    } catch (error) {
      tell(error);
    }
  };
  at.onLeave(listen([`job:${job}`], { submitted: update, progress: update, ended: update }, reread));
  update({ status: "PENDING" });
  reread();
  return card(null, el("p", { class: "lead" }, state, " ", message), shown.node, ways);
}

// Runs beside each other, as the page of reports shows them.

import { ask } from "front/board/client.js";
import { empty, head, link } from "front/board/parts.js";
import { comparePage as compared } from "front/compare_page.js";
import { el } from "front/elements.js";

export async function comparePage(at) {
  const runs = (at.values.runs ?? "").split(",").filter(Boolean);
  if (runs.length < 2) {
    const none = empty("Two runs or more are compared: choose them among the ", link("#/results", "results"), ".");
    return { name: "Compare", head: head("Compare"), parts: [none] };
  }
  const told = await ask("backtest/compare", { query: { runs }, signal: at.signal });
  const { title, parts, ready } = compared(told.runs);
  return { name: "Compare", head: el("div", { class: "head" }, title), parts: parts.filter(Boolean), ready };
}

// What a run was made of, what bounded its sizes, and what held its orders back.

import { bars } from "front/drawings.js";
import { el } from "front/elements.js";
import { count, perCent } from "front/words.js";

// What bounded the sizes, and what kept signals from orders and orders from fills.
export function bounds(run) {
  const { statistics } = run.result;
  const entries = Object.values(statistics.sizes_bound_by).reduce((sum, one) => sum + one, 0);
  const words = (name) => name.replaceAll("_", " ");
  const listed = (reasons) => Object.entries(reasons).sort(([, one], [, other]) => other - one);
  const sizes = listed(statistics.sizes_bound_by);
  const parts = [];
  if (entries > 0) {
    const [bound, many] = sizes[0];
    parts.push(
      el(
        "p",
        { class: "lead" },
        "Risk asked ",
        el("b", {}, perCent(statistics.risk_asked_pct)),
        ", median taken ",
        el("b", {}, perCent(statistics.risk_taken_pct)),
        ": ",
        el("b", {}, words(bound)),
        ` bound ${perCent((100 * many) / entries, 0)} of ${count(entries)} entries.`,
      ),
    );
  }
  const kinds = [
    ["Size set by", sizes],
    ["Refused", listed(statistics.refusal_reasons)],
    ["Rejected by the venue", listed(statistics.rejection_reasons)],
    ["Expired", listed(statistics.expiry_reasons)],
    ["Cancelled", listed(statistics.cancellation_reasons)],
    ["Exits (fills)", listed(statistics.exits)],
  ];
  const figures = kinds
    .filter(([, found]) => found.length > 0)
    .map(([title, found]) =>
      el(
        "figure",
        {},
        el("figcaption", {}, el("b", {}, title)),
        bars(
          found.map(([name, many]) => [words(name), many]),
          count,
        ),
      ),
    );
  const told = `${count(statistics.signals_generated)} signals, ${count(statistics.signals_refused)} refused, ${count(statistics.orders_submitted)} orders, ${count(statistics.entries_filled)} entries filled, ${count(statistics.gaps)} gaps, ${count(statistics.halts)} halts.`;
  return [...parts, el("p", { class: "note" }, told), el("div", { class: "plots" }, figures)];
}

// A path that may be broken behind its dots and underscores.
export const breakable = (path) => path.split(/(?<=[._])/).flatMap((part) => [part, el("wbr")]);

// Settings by their path, one a row.
export function flat(value, path = "") {
  if (
    value === null ||
    typeof value !== "object" ||
    (Array.isArray(value) && value.every((one) => one === null || typeof one !== "object"))
  ) {
    return [[path, Array.isArray(value) ? `[${value.join(", ")}]` : JSON.stringify(value)]];
  }
  const inside = Object.entries(value).flatMap(([key, one]) => flat(one, path ? `${path}.${key}` : key));
  return inside.length ? inside : [[path, Array.isArray(value) ? "[]" : "{}"]];
}

export function settings(run) {
  const rows = flat(run.settings).map(([path, text]) => [
    path,
    el("tr", {}, el("th", { scope: "row" }, breakable(path)), el("td", { class: "code" }, text)),
  ]);
  const search = el("input", {
    type: "search",
    placeholder: "Filter settings",
    "aria-label": "Filter settings",
    oninput: () => rows.forEach(([path, node]) => (node.hidden = !path.includes(search.value.trim()))),
  });
  return el(
    "details",
    {},
    el("summary", {}, `${count(rows.length)} settings`),
    el("div", { class: "controls" }, search),
    el(
      "div",
      { class: "scroll" },
      el(
        "table",
        { class: "facts wide" },
        rows.map(([, node]) => node),
      ),
    ),
  );
}

export function identity(run) {
  const { result } = run;
  const names = [
    "run_id",
    "code_version",
    "settings_sha256",
    "strategy_sha256",
    "data_sha256",
    "trades_sha256",
    "orders_sha256",
    "ledger_sha256",
  ];
  const rows = names
    .filter((name) => result[name] !== undefined)
    .map((name) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "code" }, result[name])));
  return el("div", { class: "scroll" }, el("table", { class: "facts wide" }, rows));
}

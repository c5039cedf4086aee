// How much of what trials reached each parameter explains by itself.

import { bars } from "front/drawings.js";
import { choice, el } from "front/elements.js";
import { count, perCent } from "front/words.js";

const WHAT =
  "Share of the variance of the trials' ranks that lies between groups of a parameter's values (η² of Kruskal and " +
  "Wallis, less what chance explains). It is what a parameter does by itself: what two do only together is in none.";

export function importance(trials) {
  const { importance: all } = trials.study;
  const box = el("div", { id: "importance-bars" });
  const show = (place) => {
    const known = all[place].filter((one) => one.share !== null);
    const rows = known.map(({ name, share, best, groups }) => [
      `${name} (best: ${best.join("–")})`,
      100 * share,
      `${name} explains ${perCent(100 * share, 1)} between ${count(groups)} groups of its values; best at ${best.join(" to ")}`,
    ]);
    const without = all[place].filter((one) => one.share === null).map((one) => `${one.name}: ${one.why}`);
    box.replaceChildren(
      ...(rows.length > 0 ? [bars(rows, (value) => perCent(value, 1))] : []),
      ...(without.length > 0 ? [el("p", { class: "note" }, without.join("; "))] : []),
    );
  };
  show(0);
  const options = trials.objectives.map((one, place) => [place, one.label]);
  return [
    options.length > 1 &&
      el(
        "div",
        { class: "controls" },
        choice("Of which objective", options, (value) => show(Number(value))),
      ),
    box,
    el("p", { class: "note" }, WHAT),
  ];
}

// What is pointed at, by a mouse, a finger or the arrow keys, says its values.

import { el, svg } from "front/elements.js";

const NEAR = 26;
let tip = null;

function say([title, lines], x, y) {
  tip ??= document.body.appendChild(el("div", { class: "tip", role: "status", "aria-live": "polite", hidden: true }));
  const rows = lines.map(([name, value]) => el("span", {}, el("span", { class: "name" }, name), el("b", {}, value)));
  tip.replaceChildren(el("strong", {}, title), ...rows);
  tip.hidden = false;
  const { offsetWidth: wide, offsetHeight: tall } = tip;
  const left = x + 16 + wide > innerWidth - 4 ? x - wide - 16 : x + 16;
  tip.style.left = `${Math.max(4, Math.min(innerWidth - wide - 4, left))}px`;
  tip.style.top = `${Math.max(4, Math.min(innerHeight - tall - 4, y + 14))}px`;
}

const hush = () => tip && (tip.hidden = true);

/** The nearest of marks with `x` and `y`; null where none is near. */
export function nearestOf(marks) {
  return (x, y) => {
    let [found, least] = [null, NEAR * NEAR];
    for (const one of marks) {
      const far = (one.x - x) ** 2 + (one.y - y) ** 2;
      if (far < least) [found, least] = [one, far];
    }
    return found;
  };
}

const circle = (mark) => svg("circle", { class: "pointer", cx: mark.x, cy: mark.y, r: 6 });

/**
 * Lets a drawing be pointed at.
 *
 * `marks` have `x` and `y`, in the order in which the arrow keys go through them; `tell(mark)` gives a title and lines
 * of a name and a value. `nearest(x, y)` finds the mark at a place, `shape(mark)` is drawn over it, and
 * `step(mark, key)` gives the next one of an arrow key, null for none.
 */
export function pointed(drawing, marks, tell, { nearest = nearestOf(marks), shape = circle, step = null } = {}) {
  if (marks.length === 0) return drawing;
  const over = svg("g", { "aria-hidden": "true" });
  drawing.append(over);
  drawing.setAttribute("tabindex", "0");
  drawing.setAttribute("aria-label", `${drawing.getAttribute("aria-label")}; arrow keys tell its values`);
  let current = null;
  const leave = () => {
    current = null;
    over.replaceChildren();
    hush();
  };
  const show = (mark, x, y) => {
    if (mark === null) return leave();
    if (mark !== current) over.replaceChildren(shape(mark));
    current = mark;
    const box = drawing.getBoundingClientRect();
    say(tell(mark), x ?? box.left + mark.x, y ?? box.top + mark.y);
  };
  const point = (event) => {
    const box = drawing.getBoundingClientRect();
    show(nearest(event.clientX - box.left, event.clientY - box.top), event.clientX, event.clientY);
  };
  drawing.addEventListener("pointermove", point);
  drawing.addEventListener("pointerdown", point);
  drawing.addEventListener("pointerleave", leave);
  drawing.addEventListener("blur", leave);
  drawing.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return leave();
    const next = current === null ? marks[0] : (step ?? along(marks))(current, event.key);
    if (!/^(Arrow|Home|End)/.test(event.key)) return;
    event.preventDefault();
    if (next !== null && next !== undefined) show(next);
  });
  return drawing;
}

const along = (marks) => {
  const places = new Map(marks.map((one, place) => [one, place]));
  return (mark, key) => {
    if (key === "Home") return marks[0];
    if (key === "End") return marks[marks.length - 1];
    return marks[places.get(mark) + (key === "ArrowRight" || key === "ArrowDown" ? 1 : -1)] ?? null;
  };
};

// Parts that several pages have: heads, buttons, progress, dialogs, tables that say what to do where they are empty.

import { guarded } from "front/board/problems.js";
import { el } from "front/elements.js";
import { count, minute } from "front/words.js";

export const head = (name, beside, ...right) =>
  el("div", { class: "head" }, el("h1", {}, name, " ", el("span", { class: "muted" }, beside ?? "")), right);

/** A button that does something and says what goes wrong; it cannot be pressed meanwhile. */
export function button(text, work, { kind = "", ...more } = {}) {
  const pressed = guarded(work);
  const made = el(
    "button",
    {
      type: "button",
      class: kind,
      ...more,
      onclick: async (event) => {
        made.disabled = true;
        try {
          await pressed(event);
        } finally {
          made.disabled = false;
        }
      },
    },
    text,
  );
  return made;
}

export const card = (title, ...children) => el("section", { class: "card" }, title && el("h2", {}, title), ...children);
export const empty = (...said) => el("p", { class: "empty" }, ...said);
export const link = (href, ...text) => el("a", { href }, ...text);

/** A time of the interface as people read it. */
export const when = (text) => (text ? minute(Date.parse(text)) : "–");

/** A table: columns of { head, cell(row), figure }, and rows. */
export function plainTable(columns, rows, { id, none = "None." } = {}) {
  if (rows.length === 0) return empty(none);
  const heads = columns.map((one) => el("th", { scope: "col", class: one.figure ? "figure" : "" }, one.head));
  const line = (row) =>
    el(
      "tr",
      {},
      columns.map((one) =>
        el("td", { class: `${one.figure ? "figure" : ""} ${one.tone?.(row) ?? ""}` }, one.cell(row)),
      ),
    );
  return el(
    "div",
    { class: "scroll" },
    el("table", { id }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows.map(line))),
  );
}

/** Ways to the pages of a list that the server gives by pages; `to(page)` opens one. */
export function pages({ page, pages: all, total }, [one, many], to) {
  const way = (text, other) =>
    el(
      "button",
      { type: "button", class: "quiet", disabled: other < 1 || other > all, onclick: () => to(other) },
      text,
    );
  const said = `${count(total)} ${total === 1 ? one : many}${all > 1 ? `, page ${page} of ${all}` : ""}`;
  return el(
    "div",
    { class: "controls" },
    all > 3 && way("first", page > 1 ? 1 : 0),
    all > 1 && [way("◀ before", page - 1), way("next ▶", page + 1)],
    all > 3 && way("last", page < all ? all : 0),
    el("span", { class: "note" }, said),
  );
}

/** Names and values in two columns. */
export function facts(rows, { code = false } = {}) {
  const said = (value) => value !== null && value !== undefined && value !== "" && value.length !== 0;
  const shown = rows.filter(([, value]) => said(value));
  const line = ([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: code ? "code" : "" }, value));
  return el("table", { class: "facts wide" }, el("tbody", {}, shown.map(line)));
}

const KINDS = { COMPLETED: "good", FAILED: "bad", CANCELLED: "warning", RUNNING: "accent", PENDING: "" };

export const statusOf = (status) => el("span", { class: `badge ${KINDS[status] ?? ""}` }, status.toLowerCase());

/** Returns how far work is: { node, show(job) } of what the stream says of a job, or what the interface does. */
export function progress(waits = "a worker takes it as soon as one is free") {
  const bar = el("progress", { max: 100, "aria-label": "Progress" });
  const said = el("span", { class: "note", role: "status" });
  const show = ({ status, done, total, percent, failure, eta_ms: eta }) => {
    if (status === "COMPLETED") bar.value = 100;
    else if (percent === null || percent === undefined) bar.removeAttribute("value");
    else bar.value = percent;
    bar.hidden = status === "FAILED" || status === "CANCELLED";
    const far = total ? `${(done ?? 0).toLocaleString("en-US")} of ${total.toLocaleString("en-US")}` : "";
    const until = status === "RUNNING" && eta ? `through at about ${minute(eta)}` : "";
    const words = [status.toLowerCase(), far, until, failure].filter(Boolean);
    if (status === "PENDING") words.push(waits);
    said.textContent = words.join(", ");
  };
  return { node: el("div", { class: "progress" }, bar, said), show };
}

/** Asks before something that cannot be undone; resolves to whether it was confirmed. */
export function confirmed(question, explained, yes) {
  return opened((close) => [
    el("h2", {}, question),
    el("p", {}, explained),
    el(
      "div",
      { class: "controls" },
      el("button", { type: "button", autofocus: true, onclick: () => close(false) }, "Keep"),
      el("button", { type: "button", class: "danger", onclick: () => close(true) }, yes),
    ),
  ]);
}

/** Opens a dialog with what `fill(close)` returns; resolves to what it is closed with, false where it is left. */
export function opened(fill) {
  return new Promise((resolve) => {
    const close = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const dialog = el("dialog", { oncancel: () => close(false) });
    dialog.append(...fill(close).filter(Boolean));
    document.body.append(dialog);
    dialog.showModal();
  });
}

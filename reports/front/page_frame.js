// What every page has around its parts: a header, ways to the parts, notes at the end; and badges and warnings.

import { el } from "front/elements.js";
import { themeButton, watchPrinting } from "front/theme.js";
import { day, minute } from "front/words.js";

const SHOWN_WARNINGS = 4;
const SHOWN_SYMBOLS = 6;
const SHORT = 3 * 86_400_000;

/** Returns the data that a page holds. */
export const heldData = (document) => JSON.parse(document.getElementById("data").textContent);

/** Fills a page; parts that are nothing are left out, and `ready` is called when the others stand in it. */
export function fillPage(body, { title, parts, ready = () => {} }, ...notes) {
  const shown = parts.filter(Boolean);
  const about = "Times are UTC. The page needs no network: its data is in it, as JSON in columns, in the element “data”.";
  body.append(
    el("header", {}, title, themeButton()),
    partLinks(shown),
    el("main", {}, shown),
    el("footer", {}, el("p", {}, about), notes),
  );
  ready();
  watchPrinting();
  body.dataset.ready = "";
}

/** Returns the ways to the parts of a page that have a short name. */
export function partLinks(parts) {
  const named = parts.filter((one) => one.dataset?.title);
  const links = named.map((one) => el("a", { href: `#${one.id}` }, one.dataset.title));
  return el("nav", { "aria-label": "Parts of the page" }, links);
}

export const badge = (text, kind = "") => el("span", { class: `badge ${kind}` }, text);

/** Returns the head of a page: its name, what follows it in grey, and badges; those that are nothing are left out. */
export const titled = (name, beside, badges) =>
  el(
    "div",
    { class: "title" },
    el("h1", {}, name, " ", el("span", { class: "muted" }, beside)),
    el("p", { class: "badges" }, badges),
  );

export const statusBadge = (status) => (status === "COMPLETED" ? null : badge(status.toLowerCase(), "warning"));

export const symbolBadges = (symbols) =>
  (symbols.length <= SHOWN_SYMBOLS ? symbols : [`${symbols.length} symbols`]).map((one) => badge(one));

/**
 * Returns the head of the page of what was made over a window of a market: its name, what it is, market and window.
 *
 * `made` has name, symbols, timeframe, exchange, window_name, start_ms and end_ms; `more` are badges behind the others.
 */
export function marketHead(made, beside, kind, ...more) {
  const window = made.window_name ? `${made.window_name}: ` : "";
  return titled(made.name, beside, [
    badge(kind, "accent"),
    made.status && statusBadge(made.status),
    symbolBadges(made.symbols),
    [made.timeframe, made.exchange].filter(Boolean).map((one) => badge(one)),
    badge(`${window}${rangeText(made.start_ms, made.end_ms)}`),
    more,
  ]);
}

/** Tiles of what stands first: each a name, a value, what it is of, and the tone of the value. */
export function tileRow(shown) {
  return el(
    "div",
    { class: "tiles three" },
    shown.map(([name, text, under, kind = ""]) =>
      el(
        "div",
        { class: "tile" },
        el("span", { class: "name" }, name),
        el("strong", { class: kind }, text),
        el("span", { class: "under" }, under),
      ),
    ),
  );
}

/** Returns a table of labels and what is said of each. */
export function toldFacts(facts, { code = false } = {}) {
  const rows = facts.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: code ? "code" : "" }, value)),
  );
  return el("table", { class: "facts told" }, el("tbody", {}, rows));
}

/** Returns a range in words: with minutes where it is short. */
export function rangeText(start_ms, end_ms) {
  const said = end_ms - start_ms < SHORT ? minute : day;
  return `${said(start_ms)} – ${said(end_ms)}`;
}

/** Returns what a reader must know first; the first few at once, the others on request. */
export function warningsPart(texts, heading) {
  if (texts.length === 0) return null;
  const item = (text) => el("li", {}, text);
  const [first, rest] = [texts.slice(0, SHOWN_WARNINGS), texts.slice(SHOWN_WARNINGS)];
  return el(
    "aside",
    { class: "warnings", id: "warnings" },
    el("b", {}, heading),
    el("ul", {}, first.map(item)),
    rest.length > 0 && el("details", {}, el("summary", {}, `${rest.length} more`), el("ul", {}, rest.map(item))),
  );
}

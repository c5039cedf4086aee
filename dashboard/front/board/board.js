// The frame of the dashboard: ways to the pages, the page that is open, and what goes wrong.

import { ask } from "front/board/client.js";
import { clear, place as problems, tell } from "front/board/problems.js";
import { read } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { el } from "front/elements.js";
import { badge } from "front/page_frame.js";
import { PAGES } from "front/places/all.js";
import { themeButton } from "front/theme.js";
import { closeCharts } from "front/time_charts.js";
import { count } from "front/words.js";

const FIRST = "run";
let leave = () => {};

export function openBoard(body) {
  const main = el("main", { id: "page", tabindex: "-1" });
  const links = Object.entries(PAGES)
    .filter(([, page]) => page.title)
    .map(([name, page]) => el("a", { href: `#/${name}`, "data-page": name }, page.title));
  const title = el(
    "a",
    { class: "brand", href: `#/${FIRST}` },
    el("img", { src: "/front/icon.svg", alt: "" }),
    "Harness",
  );
  const skip = el("a", { class: "skip", href: "#page" }, "Skip to the page");
  const state = el("span", { class: "note", id: "server", role: "status" });
  body.replaceChildren(
    skip,
    el("header", { class: "board" }, title, state, themeButton()),
    el("nav", { class: "pages", "aria-label": "Pages" }, links),
    problems,
    main,
  );
  addEventListener("hashchange", () => open(main, links));
  document.addEventListener("click", inPage);
  open(main, links);
  tellServer(state);
}

// An address such as #equity leads to a part of the page that is open, not to another page.
function inPage(event) {
  const link = event.target.closest?.('a[href^="#"]');
  if (!link || link.getAttribute("href").startsWith("#/")) return;
  event.preventDefault();
  const target = document.getElementById(link.getAttribute("href").slice(1));
  target?.scrollIntoView({ behavior: "smooth", block: "start" });
  if (target?.id === "page") target.focus();
}

async function open(main, links) {
  const { words, values } = read(location.hash);
  const name = words[0] ?? FIRST;
  const page = PAGES[name] ?? PAGES.nowhere;
  leave();
  clear();
  const gone = new AbortController();
  const undone = [() => gone.abort(), closeCharts];
  leave = () => undone.splice(0).forEach((undo) => undo());
  for (const link of links) {
    const own = link.dataset.page === (page.below ?? name);
    if (own) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    // On a phone the ways to the pages are wider than it is.
    if (own) link.parentElement.scrollLeft = link.offsetLeft - 60;
  }
  delete document.body.dataset.ready;
  main.setAttribute("aria-busy", "true");
  main.replaceChildren(el("p", { class: "empty" }, "Loading…"));
  scrollTo(0, 0);
  const at = { words: words.slice(1), values, signal: gone.signal, onLeave: (undo) => undone.push(undo) };
  // While a page is being read, another may be asked for.
  const shown = await page.open(at).catch((error) => (gone.signal.aborted ? null : failed(error)));
  if (gone.signal.aborted || shown === null) return;
  main.replaceChildren(...[shown.head, ...shown.parts].filter(Boolean));
  main.removeAttribute("aria-busy");
  document.title = `${shown.name} – Harness`;
  if (document.activeElement?.closest("nav.pages") === null) main.focus({ preventScroll: true });
  shown.ready?.();
  document.body.dataset.ready = "";
}

function failed(error) {
  tell(error);
  const again = el("button", { type: "button", onclick: () => dispatchEvent(new Event("hashchange")) }, "Try again");
  return { name: "Not shown", head: null, parts: [el("div", { class: "card" }, el("p", {}, error.message), again)] };
}

// How many jobs are open, wherever one is; and whether the server changes anything at all.
async function tellServer(place) {
  const open = new Set();
  let fixed = [];
  const show = () => {
    const jobs =
      open.size > 0 && el("a", { href: "#/jobs" }, `${count(open.size)} job${open.size === 1 ? "" : "s"} open`);
    place.replaceChildren(...[jobs, ...fixed].filter(Boolean));
  };
  const running = (job) => {
    open.add(job.id);
    show();
  };
  const reread = async () => {
    try {
      const lists = await Promise.all(
        ["RUNNING", "PENDING"].map((status) => ask("jobs", { query: { status, page_size: 500 } })),
      );
      open.clear();
      lists.flatMap((one) => one.items).forEach((job) => open.add(job.id));
      show();
    } catch (error) {
      tell(error);
    }
  };
  const ended = (job) => {
    open.delete(job.id);
    show();
  };
  listen(["jobs"], { submitted: running, progress: running, ended }, reread);
  await reread();
  const version = await ask("version").catch(() => null);
  if (version?.read_only) fixed = [badge("read only", "warning")];
  show();
}

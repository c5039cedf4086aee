// Opens a page: from the data it holds. A dashboard opens the same pages from data it fetches.

import { comparePage } from "front/compare_page.js";
import { el } from "front/elements.js";
import { runHead, runPage } from "front/run_page.js";
import { themeButton, watchPrinting } from "front/theme.js";

const CHARTS = "https://www.tradingview.com/";

export function openPage(document) {
  showRuns(document.body, JSON.parse(document.getElementById("data").textContent).runs);
}

export function showRuns(body, runs) {
  const page = runs.length === 1 ? { title: runHead(runs[0]), ...runPage(runs[0]) } : comparePage(runs);
  const parts = page.parts.filter(Boolean);
  const links = parts
    .filter((one) => one.dataset.title)
    .map((one) => el("a", { href: `#${one.id}` }, one.dataset.title));
  body.append(
    el("header", {}, page.title, themeButton()),
    el("nav", { "aria-label": "Parts of the page" }, links),
    el("main", {}, parts),
    el(
      "footer",
      {},
      el(
        "p",
        {},
        "Times are UTC. The page needs no network: its data is in it, as JSON in columns, in the element “data”.",
      ),
      el(
        "p",
        {},
        "Charts over time: TradingView Lightweight Charts™, Copyright (c) 2024 TradingView, Inc., ",
        el("a", { href: CHARTS, rel: "noreferrer noopener" }, "tradingview.com"),
        ", Apache License 2.0.",
      ),
    ),
  );
  page.ready();
  watchPrinting();
  body.dataset.ready = "";
}

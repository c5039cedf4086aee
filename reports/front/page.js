// Opens a page: from the data it holds. A dashboard opens the same pages from data it fetches.

import { comparePage } from "front/compare_page.js";
import { el } from "front/elements.js";
import { fillPage, heldData } from "front/page_frame.js";
import { runHead, runPage } from "front/run_page.js";

const CHARTS = "https://www.tradingview.com/";

export function openPage(document) {
  showRuns(document.body, heldData(document).runs);
}

export function showRuns(body, runs) {
  const page = runs.length === 1 ? { title: runHead(runs[0]), ...runPage(runs[0]) } : comparePage(runs);
  const charts = el(
    "p",
    {},
    "Charts over time: TradingView Lightweight Charts™, Copyright (c) 2024 TradingView, Inc., ",
    el("a", { href: CHARTS, rel: "noreferrer noopener" }, "tradingview.com"),
    ", Apache License 2.0.",
  );
  fillPage(body, page, charts);
}

// Stored candles: how much there is of each day, the holes and what stands out, and the fetch of what lacks.

import { ask, part, send } from "front/board/client.js";
import { date, field, text, words } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { card, empty, head, link, plainTable, when } from "front/board/parts.js";
import { guarded, tell } from "front/board/problems.js";
import { hashOf } from "front/board/routes.js";
import { listen } from "front/board/stream.js";
import { drawnToWidth, el, svg } from "front/elements.js";
import { badge, warningsPart } from "front/page_frame.js";
import { count, day, number, price } from "front/words.js";

export async function dataPage(at) {
  const list = el("div", {});
  const load = async () => {
    const told = await ask("data", { signal: at.signal });
    list.replaceChildren(
      ...[warningsPart(told.unreadable, "Cannot be read"), seriesTable(told.series)].filter(Boolean),
    );
  };
  const soon = atMost(() => load().catch(tell), 1_000);
  at.onLeave(listen(["jobs"], { ended: soon }, soon));
  await load();
  return {
    name: "Data",
    head: head("Data", "candles that are stored"),
    parts: [card(null, list), card("Fetch what lacks", fetchForm(at.values))],
  };
}

const wayTo = (one) => hashOf(["data", one.exchange, one.timeframe, one.symbol]);

function seriesTable(series) {
  const columns = [
    { head: "Series", cell: (one) => link(wayTo(one), `${one.exchange} ${one.symbol}`) },
    { head: "Candles", cell: (one) => one.timeframe },
    { head: "From (UTC)", cell: (one) => when(one.first) },
    { head: "To", cell: (one) => when(one.last) },
    { head: "Rows", figure: true, cell: (one) => count(one.rows) },
    { head: "Holes", figure: true, cell: (one) => count(one.holes) },
    {
      head: "Missing",
      figure: true,
      tone: (one) => (one.missing > 0 ? "loss" : ""),
      cell: (one) => count(one.missing),
    },
  ];
  const none = "Nothing is stored yet. Fetch some below; a backtest fetches what it needs by itself.";
  return plainTable(columns, series, { id: "series", none });
}

function fetchForm({ exchange, symbol, timeframe }) {
  const fields = {
    exchange: text({ value: exchange ?? "practice", required: true }),
    symbols: text({ value: symbol ?? "BTC/USDT", required: true }),
    timeframe: text({ value: timeframe ?? "15m", required: true }),
    start: date({ value: "2024-01-01", required: true }),
    end: date({ value: "2024-02-01" }),
  };
  for (const [name, control] of Object.entries(fields)) control.id = `fetch-${name}`;
  const said = el("p", { class: "note", role: "status" });
  const run = el("button", { type: "submit", class: "main", id: "fetch" }, "Fetch");
  const submitted = guarded(async (event) => {
    event.preventDefault();
    const made = await send("POST", "data/fetch", {
      exchange: fields.exchange.value.trim(),
      symbols: words(fields.symbols.value),
      timeframe: fields.timeframe.value.trim(),
      start_date: fields.start.value,
      end_date: fields.end.value || undefined,
    });
    said.replaceChildren(made.message, ": ", link(hashOf(["jobs", made.job]), "its log"));
  });
  return el(
    "form",
    { onsubmit: submitted },
    el(
      "div",
      { class: "fields" },
      field("Exchange", fields.exchange, "practice needs no network."),
      field("Symbols", fields.symbols, "With commas between."),
      field("Candles", fields.timeframe),
      field("From", fields.start, "UTC."),
      field("To", fields.end, "Exclusive; empty is the present."),
    ),
    el("div", { class: "controls" }, run),
    said,
  );
}

export async function seriesPage(at) {
  const [exchange, timeframe, ...rest] = at.words;
  const symbol = rest.join("/");
  const found = await ask(`data/${part(exchange)}/${part(timeframe ?? "")}`, { query: { symbol }, signal: at.signal });
  const gaps = [
    { head: "Last before (UTC)", cell: (one) => when(one.last_before) },
    { head: "First after", cell: (one) => when(one.first_after) },
    { head: "Missing", figure: true, cell: (one) => count(one.missing) },
    { head: "Known", cell: (one) => (one.known ? badge("known", "good") : badge("open", "warning")) },
    { head: "What that rests on", cell: (one) => one.rests_on },
  ];
  const wide = [
    { head: "Candle (UTC)", cell: (one) => when(one.time) },
    ...["open", "high", "low", "close"].map((name) => ({ head: name, figure: true, cell: (one) => price(one[name]) })),
    { head: "Times the usual", figure: true, cell: (one) => number(one.factor, 1) },
  ];
  const more = (total, shown) =>
    total > shown && el("p", { class: "note" }, `${count(shown)} of ${count(total)} are shown.`);
  const fetch = link(hashOf(["data"], { exchange, symbol, timeframe }), "Fetch more of it");
  return {
    name: `${symbol} ${timeframe}`,
    head: head(`${symbol} ${timeframe}`, `on ${exchange}`, fetch),
    parts: [
      card(
        "Coverage",
        el(
          "p",
          { class: "note" },
          `${count(found.rows)} rows, ${when(found.first)} to ${when(found.last)}; ${count(found.missing)} missing in ${count(found.holes)} holes.`,
        ),
        coverageMap(found.coverage),
      ),
      card(
        "Holes",
        plainTable(gaps, found.gaps, { id: "gaps", none: "There is none." }),
        more(found.gaps_total, found.gaps.length),
      ),
      card(
        "Candles that stand out",
        found.outliers.length > 0 ? plainTable(wide, found.outliers, { id: "outliers" }) : empty("There is none."),
        more(found.outliers_total, found.outliers.length),
      ),
    ],
  };
}

const CELL = 18;

// A cell a day or a month, filled as far as there are rows.
function coverageMap({ by, start, rows, due }) {
  const draw = (width) => {
    const across = Math.max(1, Math.floor(width / CELL));
    const cells = start.map((from, place) => {
      const share = due[place] > 0 ? Math.min(1, rows[place] / due[place]) : 1;
      const [x, y] = [(place % across) * CELL, Math.floor(place / across) * CELL];
      const kind = share >= 1 ? "whole-cell" : share > 0 ? "part-cell" : "none-cell";
      const said = `${by === "month" ? day(Date.parse(from)).slice(0, 7) : day(Date.parse(from))}: ${count(rows[place])} of ${count(due[place])}`;
      return svg("rect", { x, y, width: CELL - 2, height: CELL - 2, rx: 3, class: kind }, svg("title", {}, said));
    });
    const height = Math.ceil(start.length / across) * CELL;
    const box = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Coverage by ${by}` };
    return svg("svg", box, cells);
  };
  const named = (kind, said) => el("span", {}, el("i", { class: `swatch ${kind}` }), said);
  return el(
    "figure",
    { class: "coverage", "data-cells": start.length },
    drawnToWidth(draw),
    el(
      "div",
      { class: "legend" },
      named("whole-cell", `whole ${by}`),
      named("part-cell", "a part"),
      named("none-cell", "nothing"),
    ),
  );
}

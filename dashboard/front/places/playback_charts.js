// The charts of a playback: candles up to its present and none after it, what was traded in them, and the account.

import { ask } from "front/board/client.js";
import { select } from "front/board/fields.js";
import { atMost } from "front/board/pace.js";
import { tell } from "front/board/problems.js";
import { unpackCandles } from "front/columns.js";
import { el } from "front/elements.js";
import { candleStyle } from "front/price_chart.js";
import { LineStyle, showAll, timeChart } from "front/time_charts.js";
import { minute, number, price } from "front/words.js";

const SHOWN = 1_500;
const NEAR = 20;
const iso = (time) => new Date(time).toISOString();
const seconds = (time) => Math.floor(time / 1000);

/** Returns { parts, open(), show(state), stop() }; once it is stopped nothing more is asked for. */
export function playbackCharts(view, path, at) {
  const place = el("div", {});
  const chooser = select(
    view.symbols.map((one) => [one, one]),
    { "aria-label": "Symbol", onchange: () => begin() },
  );
  const account = timeChart("equity", { height: "low", ariaLabel: "Equity so far" });
  const style = { lineWidth: 2, priceFormat: { type: "custom", formatter: (value) => number(value), minMove: 0.01 } };
  const line = account.add("Line", "equity", (paint) => ({ ...style, color: paint.accent }), []);
  const drawn = { chart: null, series: null, first: 0, last: 0, index: -1, points: 0, fills: new Map(), lines: [] };
  let state = view.state;

  const over = () => drawn.stopped || at.signal.aborted;
  const fetchCandles = async (since) => {
    const length = drawn.length ?? 900_000;
    const first = Math.max(since, (state.now.time_ms ?? 0) - SHOWN * length);
    const packed = await ask(`${path}/candles`, {
      query: { symbol: chooser.value, start: iso(Math.max(0, first)), most: 2 * SHOWN },
      signal: at.signal,
    });
    drawn.length = packed.own_length_ms;
    return packed;
  };
  const begin = async () => {
    if (over()) return;
    drawn.chart?.close();
    drawn.chart = null;
    const packed = await fetchCandles(0).catch(tell);
    if (!packed || over()) return;
    const candles = unpackCandles(packed);
    drawn.chart = timeChart("playback", {
      height: "tall",
      ariaLabel: `Candles of ${chooser.value} up to the present of the playback`,
      legend: (event) => legend(event, drawn),
    });
    drawn.series = drawn.chart.add("Candlestick", "candles", candleStyle(packed.decimals), candles);
    drawn.last = candles.at(-1)?.time ?? 0;
    drawn.first = candles[0]?.time ?? 0;
    drawn.index = state.now.index;
    drawn.lines = [];
    const chart = drawn.chart;
    chart.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && range.from < NEAR && chart === drawn.chart) goBack();
    });
    place.replaceChildren(drawn.chart.box);
    const bars = Math.max(60, innerWidth / 9);
    // The words of a fill at the last candle have room beside it.
    const room = innerWidth < 600 ? 10 : 6;
    drawn.chart.chart.timeScale().applyOptions({ rightOffset: room });
    drawn.chart.chart.timeScale().setVisibleLogicalRange({ from: candles.length - bars, to: candles.length + room });
    marks();
  };
  // Whoever scrolls to the first candle that is drawn sees those before it.
  const goBack = atMost(async () => {
    const chart = drawn.chart;
    if (chart === null || drawn.first === 0 || over()) return;
    const query = {
      symbol: chooser.value,
      start: iso(Math.max(0, drawn.first * 1000 - SHOWN * drawn.length)),
      end: iso(drawn.first * 1000),
      most: 2 * SHOWN,
    };
    const packed = await ask(`${path}/candles`, { query, signal: at.signal }).catch(tell);
    if (!packed || over() || chart !== drawn.chart) return;
    const older = unpackCandles(packed);
    drawn.first = older[0]?.time ?? 0; // Before the first of all there is nothing to ask for.
    if (older.length === 0) return;
    const range = chart.chart.timeScale().getVisibleLogicalRange();
    drawn.series.setData([...older, ...drawn.series.data()]);
    const moved = ({ from, to }) => ({ from: from + older.length, to: to + older.length });
    if (range !== null) chart.chart.timeScale().setVisibleLogicalRange(moved(range));
  }, 100);
  // What was skipped between two states is fetched; going back begins anew.
  const catchUp = atMost(async () => {
    if (drawn.series === null || over()) return;
    if (state.now.index < drawn.index || drawn.last === 0) {
      await begin();
    } else {
      const packed = await fetchCandles(drawn.last * 1000).catch(tell);
      if (!packed || over()) return;
      for (const one of unpackCandles(packed)) put(one);
      drawn.index = Math.max(drawn.index, state.now.index);
      marks();
    }
  }, 120);
  const put = (candle) => {
    if (candle.time < drawn.last) return;
    drawn.series.update(candle);
    drawn.last = candle.time;
  };
  // While it plays, the stream tells the account as well; what it has left out is fetched when it is held.
  const curve = atMost(async () => {
    if (state.control === "playing" || over()) return;
    const first = drawn.thinned || state.now.index < drawn.points ? 0 : drawn.points;
    const told = await ask(`${path}/curve`, { query: { first: String(first) }, signal: at.signal }).catch(tell);
    if (!told || over()) return;
    const seen = new Map(told.time_ms.map((time, row) => [seconds(time), told.equity[row]]));
    const rows = [...seen].map(([time, value]) => ({ time, value }));
    if (first === 0) line.setData(rows);
    else rows.forEach((one) => line.update(one));
    drawn.points = told.first + told.equity.length;
    drawn.thinned = false;
    if (drawn.points > 0) showAll(account);
  }, 300);
  const told = ({ now }) => {
    const time = seconds(now.time_ms ?? 0);
    if (time <= (line.data().at(-1)?.time ?? 0)) return;
    line.update({ time, value: Number(now.equity) });
    drawn.thinned = true;
    showAll(account);
  };
  const marks = () => {
    if (drawn.series === null) return;
    const { now, fills } = state;
    for (const one of fills) drawn.fills.set(`${one.time_ms} ${one.order_id}`, one);
    for (const [name, one] of drawn.fills) if (one.time_ms > (now.time_ms ?? 0)) drawn.fills.delete(name);
    drawn.series.setMarkers(markers([...drawn.fills.values()], chooser.value, drawn));
    drawn.lines.splice(0).forEach((one) => drawn.series.removePriceLine(one));
    for (const held of now.open_trades.filter((one) => one.symbol === chooser.value)) {
      for (const level of levels(held, drawn.chart.paint)) drawn.lines.push(drawn.series.createPriceLine(level));
    }
  };
  const show = (next) => {
    state = next;
    if (drawn.series === null || drawn.chart === null) return;
    const candle = next.now.candles[chooser.value];
    if (next.now.index === drawn.index + 1 && candle) {
      put({ ...candle, time: candle.open_time_ms / 1000 });
      drawn.index = next.now.index;
      marks();
    } else if (next.now.index !== drawn.index) catchUp();
    if (next.control === "playing") told(next);
    else if (next.now.index !== drawn.points || drawn.thinned) curve();
  };
  const bar = el("div", { class: "controls" }, view.symbols.length > 1 && chooser);
  const stop = () => (drawn.stopped = true);
  return { parts: [bar, place, account.box], show, stop, open: () => begin().then(() => curve()) };
}

function legend(event, { series }) {
  const one = event && series ? event.seriesData.get(series) : null;
  if (!one) return [];
  return [
    el("span", { class: "when" }, minute(one.time * 1000)),
    ...["open", "high", "low", "close"].map((name) =>
      el("span", {}, el("b", {}, name[0].toUpperCase()), ` ${price(one[name])}`),
    ),
  ];
}

// A fill stands at the candle in which it was made: the one that had not closed by its time.
function markers(fills, symbol, { length, chart }) {
  const { gain, loss, accent, second } = chart.paint;
  return fills
    .filter((one) => one.symbol === symbol)
    .map((one) => {
      const opens = one.action === "OPEN";
      const long = one.side === "LONG";
      const won = Number(one.realized_pnl);
      return {
        time: seconds(Math.floor((one.time_ms - (opens ? 0 : 1)) / length) * length),
        position: long === opens ? "belowBar" : "aboveBar",
        shape: opens ? (long ? "arrowUp" : "arrowDown") : "circle",
        color: opens ? (long ? accent : second) : won > 0 ? gain : loss,
        text: opens ? one.side : `${one.reason.replaceAll("_", " ")} ${number(won)}`,
      };
    })
    .sort((one, other) => one.time - other.time);
}

function levels(held, paint) {
  const line = (title, value, color) => ({
    price: Number(value),
    color,
    title,
    lineWidth: 1,
    lineStyle: LineStyle.Dashed,
    axisLabelVisible: true,
  });
  return [
    line("in", held.entry_price, paint.muted),
    ...(held.stop === null ? [] : [line("stop", held.stop, paint.loss)]),
    ...held.targets.map((one) => line("target", one, paint.gain)),
  ];
}

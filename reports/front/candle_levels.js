// Candles as columns, and what of them a chart shows: no more than it has pixels, joined where there are more.

import { above, unpackTimes } from "front/columns.js";

/** So many candles are in view at most; the chart holds as many again on both sides. */
export const IN_VIEW = 2_000;

/** Returns packed candles as columns: { length_ms, rows, time, open, high, low, close }, the times in milliseconds. */
export function candleColumns(packed) {
  const time = unpackTimes(packed.time_ms);
  const rows = time.length;
  const scale = 10 ** packed.decimals;
  const made = () => new Float64Array(rows);
  const lengths = { length_ms: packed.length_ms, own_ms: packed.own_length_ms };
  const columns = { ...lengths, rows, time, open: made(), high: made(), low: made(), close: made() };
  let close = 0;
  for (let row = 0; row < rows; row++) {
    const open = close + packed.open[row];
    close = open + packed.close[row];
    columns.open[row] = open / scale;
    columns.close[row] = close / scale;
    columns.high[row] = (Math.max(open, close) + packed.high[row]) / scale;
    columns.low[row] = (Math.min(open, close) - packed.low[row]) / scale;
  }
  return columns;
}

/** Returns the least length, a multiple of a candle's by a power of two, of which so many fit into a span at most. */
export function lengthFor(span_ms, length_ms, most = IN_VIEW) {
  let length = length_ms;
  while (span_ms > most * length) length *= 2;
  return length;
}

/**
 * Returns the candles that touch a stretch of time as a chart takes them, joined into candles of a length: each opens
 * as its first, closes as its last, and reaches as high and as low as any of them.
 */
export function joined(columns, from_ms, to_ms, length_ms) {
  const { time, open, high, low, close } = columns;
  const slot = (row) => Math.floor(time[row] / length_ms);
  const first = above(time, Math.floor(from_ms / length_ms) * length_ms - 1);
  const end = above(time, (Math.floor(to_ms / length_ms) + 1) * length_ms - 1);
  const found = [];
  for (let row = first; row < end; ) {
    const own = slot(row);
    const one = {
      time: (length_ms > columns.length_ms ? own * length_ms : time[row]) / 1000,
      open: open[row],
      high: high[row],
      low: low[row],
      close: close[row],
    };
    for (row++; row < end && slot(row) === own; row++) {
      if (high[row] > one.high) one.high = high[row];
      if (low[row] < one.low) one.low = low[row];
      one.close = close[row];
    }
    found.push(one);
  }
  return found;
}

/** Returns the time at a place among candles, given by their opens; it goes on beyond them. */
export function timeAt(opens, length_ms, place) {
  const last = opens.length - 1;
  if (place <= 0) return opens[0] + place * length_ms;
  if (place >= last) return opens[last] + (place - last) * length_ms;
  const row = Math.floor(place);
  return opens[row] + (place - row) * (opens[row + 1] - opens[row]);
}

/** Returns the place of a time among candles: what `timeAt` is asked with. */
export function placeAt(opens, length_ms, time) {
  const last = opens.length - 1;
  if (time <= opens[0]) return (time - opens[0]) / length_ms;
  if (time >= opens[last]) return last + (time - opens[last]) / length_ms;
  const row = above(opens, time) - 1;
  return row + (time - opens[row]) / (opens[row + 1] - opens[row]);
}

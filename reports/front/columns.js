// Columns as the page holds them (reports/page/packed_columns.py is the other end), and searching in them.

export function unpackTimes(packed) {
  const { start, unit, rows, steps } = packed;
  const step = (row) => unit * (Array.isArray(steps) ? steps[row] : steps);
  const times = rows > 0 ? [start] : [];
  for (let row = 1; row < rows; row++) times.push(times[row - 1] + step(row - 1));
  return times;
}

export const unpackWords = (packed) => Array.from(packed.codes, (code) => packed.words[code]);

export const unpackNumbers = (packed) => (Array.isArray(packed) ? packed : new Array(packed.rows).fill(packed.value));

// Candles with their times in seconds, as the charts take them.
export function unpackCandles(packed) {
  const times = unpackTimes(packed.time_ms);
  const scale = 10 ** packed.decimals;
  let close = 0;
  return times.map((time, row) => {
    const open = close + packed.open[row];
    close = open + packed.close[row];
    const high = Math.max(open, close) + packed.high[row];
    const low = Math.min(open, close) - packed.low[row];
    return { time: time / 1000, open: open / scale, high: high / scale, low: low / scale, close: close / scale };
  });
}

const TIMES = ["entry_ms", "exit_ms"];
const WORDS = ["symbol", "side", "reason", "tag"];

// One object a trade, numbered from 1 in order of exit.
export function unpackTrades(packed) {
  const columns = {};
  for (const [name, column] of Object.entries(packed)) {
    if (name === "rows") continue;
    if (TIMES.includes(name)) columns[name] = unpackTimes(column);
    else if (WORDS.includes(name)) columns[name] = unpackWords(column);
    else columns[name] = unpackNumbers(column);
  }
  const names = Object.keys(columns);
  return Array.from({ length: packed.rows }, (_, row) => {
    const trade = { number: row + 1 };
    for (const name of names) trade[name] = columns[name][row];
    trade.held_ms = trade.exit_ms - trade.entry_ms;
    trade.costs = trade.commission + trade.slippage + trade.spread - trade.funding;
    trade.r = trade.risk > 0 ? trade.realized_pnl / trade.risk : null;
    return trade;
  });
}

// The place of the first of sorted values that is above one.
export function above(values, value) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

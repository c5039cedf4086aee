// Which candles a chart holds: those that its view needs, and as many again on both sides.

import { candleColumns, IN_VIEW, joined, lengthFor, placeAt, timeAt } from "front/candle_levels.js";

const SETTLED_MS = 80;

/**
 * Returns { look(from, to) }, which shows a stretch of time: joined candles where there are more than can be seen, the
 * true ones where it is looked at closely. Whoever moves the chart is followed.
 *
 * `take(candles, length_ms)` puts candles into the chart, and keeps in `held` their `opens` and `length_ms`. `finer`,
 * where there is one, returns what the page has not: packed candles of a stretch, at most so many.
 */
export function candleWindows(self, columns, held, take, finer) {
  const scale = self.chart.timeScale();
  const ends = [columns.time[0], columns.time[columns.rows - 1]];
  const place = (time) => placeAt(held.opens, held.length_ms, time);
  const show = ([from, to]) => scale.setVisibleLogicalRange({ from: place(from), to: place(to) });
  const inView = () => {
    const { from, to } = scale.getVisibleLogicalRange();
    return [from, to].map((one) => timeAt(held.opens, held.length_ms, one));
  };
  let [turn, wanted, has] = [0, 0, [Infinity, -Infinity]];
  const put = (candles, length_ms, seen) => {
    if (candles.length === 0) return;
    take(candles, length_ms);
    show(seen);
  };
  const fetchFiner = async (around, most) => {
    const own = (turn += 1);
    const packed = await finer(around[0], around[1] + columns.length_ms, most);
    if (own !== turn || self.closed || !packed || packed.length_ms >= columns.length_ms) return;
    const found = candleColumns(packed);
    put(joined(found, ...around, packed.length_ms), packed.length_ms, inView());
  };
  const load = (from, to, length_ms) => {
    const room = to - from;
    const around = [Math.max(ends[0], from - room), Math.min(ends[1], to + room)];
    [wanted, has] = [length_ms, around];
    turn += 1;
    const own = Math.max(length_ms, columns.length_ms);
    put(joined(columns, ...around, own), own, [from, to]);
    if (length_ms < columns.length_ms) fetchFiner(around, Math.ceil((3 * room) / length_ms) + 10);
  };
  const lengthOf = (span) => {
    const length = lengthFor(span, columns.length_ms);
    return finer && length === columns.length_ms ? Math.min(length, lengthFor(span, columns.own_ms)) : length;
  };
  const covered = (from, to) => has[0] <= Math.max(ends[0], from) && Math.min(ends[1], to) <= has[1];
  const look = (from, to) => {
    const length = lengthOf(to - from);
    if (length === wanted && covered(from, to)) show([from, to]);
    else load(from, to, length);
  };
  // What is nearly fit stays: a chart that is moved a little is not joined anew each time.
  const follow = () => {
    const [from, to] = inView();
    const [length, share] = [lengthOf(to - from), (to - from) / wanted / IN_VIEW];
    const fits = length === wanted || (0.4 < share && share <= 1.25);
    if (!fits || !covered(from, to)) load(from, to, fits ? wanted : length);
  };
  let [due, pressed] = [null, false];
  const settle = () => {
    due ??= setTimeout(() => {
      due = null;
      // While the pointer holds the chart nothing is changed under it.
      if (!self.closed && !pressed && wanted > 0 && scale.getVisibleLogicalRange() !== null) follow();
    }, SETTLED_MS);
  };
  const press = (on) => () => {
    pressed = on;
    if (!on) settle();
  };
  self.box.addEventListener("pointerdown", press(true));
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) self.box.addEventListener(name, press(false));
  scale.subscribeVisibleLogicalRangeChange(settle);
  return { look };
}

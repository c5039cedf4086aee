// Drawings of our own in SVG: histograms, clouds of points, calendars, bars.

import { drawnToWidth, el, svg } from "front/elements.js";
import { count, day, number, perCent, tone } from "front/words.js";

const HEIGHT = 230;
const MARGIN = { left: 46, right: 12, top: 10, bottom: 34 };

// About `wanted` round steps that cover low to high.
export function ticks(low, high, wanted) {
  if (!(high > low)) return [low];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-6; at++) found.push(at * step + 0);
  return found;
}

export const short = (value) =>
  new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 }).format(value).replace("-", "−");

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
}

function plot(width, [x0, x1], [y0, y1], unit) {
  const x = (value) => MARGIN.left + ((value - x0) / (x1 - x0 || 1)) * (width - MARGIN.left - MARGIN.right);
  const y = (value) => HEIGHT - MARGIN.bottom - ((value - y0) / (y1 - y0 || 1)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const bottom = HEIGHT - MARGIN.bottom;
  const frame = [
    ...ticks(y0, y1, 4).map((at) => [
      svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(at), y2: y(at) }),
      svg("text", { x: MARGIN.left - 6, y: y(at) + 4, "text-anchor": "end" }, short(at)),
    ]),
    ...ticks(x0, x1, Math.max(2, Math.floor(width / 90))).map((at) =>
      svg("text", { x: x(at), y: bottom + 15, "text-anchor": "middle" }, short(at)),
    ),
    x0 < 0 && x1 > 0 && svg("line", { class: "zero", x1: x(0), x2: x(0), y1: MARGIN.top, y2: bottom }),
    y0 < 0 && y1 > 0 && svg("line", { class: "zero", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(0), y2: y(0) }),
    svg("text", { x: width - MARGIN.right, y: HEIGHT - 4, "text-anchor": "end", class: "unit" }, unit),
  ];
  const draw = (title, ...shapes) =>
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": title },
      frame,
      shapes,
    );
  return { x, y, bottom, draw };
}

const empty = (title, why) => el("figure", {}, el("figcaption", {}, title), el("p", { class: "empty" }, why));
const figure = (title, note, drawing) =>
  el("figure", {}, el("figcaption", {}, el("b", {}, title), " ", el("span", { class: "note" }, note)), drawing);

/** How often values fall where; a bin never holds both gains and losses. The outermost bins hold what lies beyond. */
export function histogram(title, values, unit) {
  const known = values.filter((one) => one !== null).sort((one, other) => one - other);
  if (known.length === 0) return empty(title, "Nothing to show.");
  const low = Math.min(0, quantile(known, 0.005));
  const high = Math.max(0, quantile(known, 0.995));
  const edges = ticks(
    low,
    high === low ? low + 1 : high,
    Math.min(40, Math.max(8, Math.round(Math.sqrt(known.length) * 1.6))),
  );
  const step = edges.length > 1 ? edges[1] - edges[0] : 1;
  const first = Math.floor(low / step + 1e-9);
  const bins = new Array(Math.max(1, Math.ceil(high / step - 1e-9) - first)).fill(0);
  for (const value of known) bins[Math.min(bins.length - 1, Math.max(0, Math.floor(value / step + 1e-9) - first))]++;
  const mean = known.reduce((sum, one) => sum + one, 0) / known.length;
  const median = quantile(known, 0.5);
  const drawing = drawnToWidth(
    (width) => {
      const { x, y, bottom, draw } = plot(
        width,
        [first * step, (first + bins.length) * step],
        [0, Math.max(...bins) * 1.06],
        unit,
      );
      const bars = bins.map((many, row) => {
        const from = (first + row) * step;
        const bar = {
          x: x(from) + 0.5,
          width: Math.max(1, x(from + step) - x(from) - 1),
          y: y(many),
          height: bottom - y(many),
        };
        return svg(
          "rect",
          { ...bar, class: from + step / 2 > 0 ? "gain" : "loss" },
          svg("title", {}, `${number(from)} to ${number(from + step)} ${unit}: ${count(many)}`),
        );
      });
      const lines = [
        [mean, "mean"],
        [median, "median"],
      ].map(([value, name]) =>
        svg(
          "line",
          { class: name, x1: x(value), x2: x(value), y1: MARGIN.top, y2: bottom },
          svg("title", {}, `${name} ${number(value)} ${unit}`),
        ),
      );
      return draw(title, bars, lines);
    },
    { "data-bars": bins.length },
  );
  return figure(title, `mean ${number(mean)}, median ${number(median)} ${unit}`, drawing);
}

/** A point a trade; all that won are one path and all that lost another, so that ten thousand cost no more than two. */
export function cloud(title, note, pairs, units) {
  const known = pairs.filter(([x, y]) => x !== null && y !== null);
  if (known.length === 0) return empty(title, "The candles of the trades are not at hand.");
  const across = known.map(([x]) => x).sort((one, other) => one - other);
  const up = known.map(([, y]) => y).sort((one, other) => one - other);
  const room = (sorted) => {
    const low = Math.min(0, quantile(sorted, 0.002));
    const high = Math.max(0, quantile(sorted, 0.998));
    const beside = (high - low) * 0.04 || 1;
    return [low < 0 ? low - beside : 0, high + beside];
  };
  const [xs, ys] = [room(across), room(up)];
  const drawing = drawnToWidth(
    (width) => {
      const { x, y, draw } = plot(width, xs, ys, units);
      const size = known.length > 2000 ? 2 : 4;
      const shape = (kept) =>
        known
          .filter(([, value]) => kept(value))
          .map(([px, py]) => [x(Math.min(xs[1], Math.max(xs[0], px))), y(Math.min(ys[1], Math.max(ys[0], py)))])
          .map(([px, py]) => `M${(px - size / 2).toFixed(1)} ${(py - size / 2).toFixed(1)}h${size}v${size}h-${size}z`)
          .join("");
      return draw(
        title,
        svg("path", { class: "gain dots", d: shape((value) => value > 0) }),
        svg("path", { class: "loss dots", d: shape((value) => value <= 0) }),
      );
    },
    { "data-dots": known.length },
  );
  return figure(title, note, drawing);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const heat = (value, most) =>
  value === null || value === 0 || !(most > 0)
    ? ""
    : `--heat: ${Math.round(12 + 68 * Math.min(1, Math.abs(value) / most))}%`;

/** Years down, months across, each cell coloured by its return; the last column is the year. */
export function monthlyTable(months) {
  const years = [...new Set(months.map((one) => one.year))];
  const most = Math.max(0, ...months.map((one) => Math.abs(one.return_pct ?? 0)));
  const cell = (value, strength, title) =>
    el(
      "td",
      { class: `heat ${tone(value)}`, style: heat(value, strength), title },
      value === null ? "" : number(value, 1),
    );
  const rows = years.map((year) => {
    const own = new Map(months.filter((one) => one.year === year).map((one) => [one.month, one.return_pct]));
    const grown = [...own.values()].reduce((product, one) => (one === null ? product : product * (1 + one / 100)), 1);
    const whole = 100 * (grown - 1);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, String(year)),
      MONTHS.map((name, row) =>
        own.has(row + 1) ? cell(own.get(row + 1), most, `${name} ${year}: ${perCent(own.get(row + 1))}`) : el("td", {}),
      ),
      el("td", { class: `total ${tone(whole)}` }, number(whole, 1)),
    );
  });
  const head = el(
    "tr",
    {},
    el("th", {}),
    MONTHS.map((name) => el("th", { scope: "col" }, name)),
    el("th", { scope: "col" }, "Year"),
  );
  return el("div", { class: "scroll" }, el("table", { class: "months" }, el("thead", {}, head), el("tbody", {}, rows)));
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAY_MS = 86_400_000;
const CALENDAR = { left: 36, top: 18, tall: 26, told: 36 };

/** A square a day: weeks across, weekdays down; numbers are days since 1970-01-01, a Thursday. */
export function calendar(firstDay, returns) {
  const known = returns.filter((one) => one !== null).map(Math.abs);
  const most = known.length
    ? quantile(
        known.sort((one, other) => one - other),
        0.98,
      )
    : 0;
  const firstWeek = Math.floor((firstDay + 3) / 7);
  const place = (day) => [Math.floor((day + 3) / 7) - firstWeek, (day + 3) % 7];
  const weeks = place(firstDay + returns.length - 1)[0] + 1;
  const draw = (width) => {
    const wide = Math.max(11, Math.min(44, Math.floor((Math.min(width, 1100) - 40) / weeks)));
    const size = { wide, tall: Math.min(wide, CALENDAR.tall), told: wide >= CALENDAR.told };
    const cells = returns.map((value, row) => calendarCell(firstDay + row, value, most, place, size));
    const names = WEEKDAYS.map(
      (name, row) =>
        (row % 2 === 0 || size.told) &&
        svg("text", { x: 0, y: CALENDAR.top + row * size.tall + size.tall / 2 + 3 }, name),
    );
    const [whole, height] = [CALENDAR.left + weeks * wide, CALENDAR.top + 2 + 7 * size.tall];
    const box = {
      viewBox: `0 0 ${whole} ${height}`,
      width: whole,
      height,
      role: "img",
      "aria-label": "Return of each day",
    };
    return svg("svg", box, names, monthNames(firstDay, returns.length, place, size), cells);
  };
  return drawnToWidth(draw, { class: "scroll", "data-days": returns.length });
}

function calendarCell(at, value, most, place, { wide, tall, told }) {
  const [week, weekday] = place(at);
  const [x, y] = [CALENDAR.left + week * wide, CALENDAR.top + weekday * tall];
  const look = { rx: 2, class: `heat ${tone(value)}`, style: heat(value, most) };
  const title = svg("title", {}, `${day(at * DAY_MS)}: ${perCent(value)}`);
  const box = svg("rect", { x, y, width: wide - 2, height: tall - 2, ...look }, title);
  if (!told) return box;
  const middle = { x: x + wide / 2 - 1, y: y + tall / 2 + 3, "text-anchor": "middle", class: "in-cell" };
  return [box, svg("text", middle, number(value, 1))];
}

// The names of months above their first weeks, where there is room.
function monthNames(firstDay, days, place, { wide }) {
  const names = [];
  let last = -Infinity;
  for (let at = firstDay; at < firstDay + days; at++) {
    const date = new Date(at * DAY_MS);
    const [week] = place(at);
    if ((at === firstDay || date.getUTCDate() === 1) && (week - last) * wide >= 30) {
      names.push(svg("text", { x: CALENDAR.left + week * wide, y: 11 }, MONTHS[date.getUTCMonth()]));
      last = week;
    }
  }
  return names;
}

/** Rows of a name, a bar and a value; values on both sides of 0 have their bars on both sides. */
export function bars(rows, text) {
  const most = Math.max(...rows.map(([, value]) => Math.abs(value)), 1e-12);
  const both = rows.some(([, value]) => value < 0);
  return el(
    "div",
    { class: `bars ${both ? "both" : ""}` },
    rows.map(([name, value, title]) =>
      el(
        "div",
        { class: "bar", title },
        el("span", { class: "name" }, name),
        el(
          "span",
          { class: "way" },
          el("i", {
            class: both ? tone(value) : "",
            style: `width: ${(100 * Math.abs(value)) / most / (both ? 2 : 1)}%`,
          }),
        ),
        el("span", { class: "value" }, text(value)),
      ),
    ),
  );
}

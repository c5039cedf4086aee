// Charts over time, drawn by TradingView Lightweight Charts (window.LightweightCharts), in the page's colours.

import { el } from "front/elements.js";
import { colours, onTheme } from "front/theme.js";

const { createChart, CrosshairMode, LineStyle, LineType } = window.LightweightCharts;
const SCALE_WIDTH = 84;
export { LineStyle, LineType };

// Every chart of the page by name, with its series and how many points each began with: what tests and scripts look at.
export const drawn = {};

const painted = (paint) => ({
  layout: { textColor: paint.muted },
  grid: { vertLines: { color: paint.line }, horzLines: { color: paint.line } },
});

function options() {
  return {
    layout: {
      background: { type: "solid", color: "transparent" },
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
    },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderVisible: false, minimumWidth: SCALE_WIDTH },
    timeScale: { borderVisible: false, timeVisible: true, secondsVisible: false, minBarSpacing: 0.001 },
    localization: { locale: "en-GB", dateFormat: "yyyy-MM-dd" },
    // The wheel scrolls the page, until somebody takes hold of the chart.
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  };
}

const shown = new Map();
const closers = new Set();

/** Takes every chart away: a page that goes leaves none behind. */
export const closeCharts = () => [...closers].forEach((close) => close());
const observer = new ResizeObserver(fit);
onTheme(fit);

// A chart that changes its width goes on showing the same span. All are asked for theirs first: those that move together
// would take over what another shows for a moment.
function fit() {
  const spans = [...shown].map(([canvas, chart]) => [canvas, chart, chart.timeScale().getVisibleLogicalRange()]);
  for (const [canvas, chart] of spans) {
    if (canvas.clientWidth > 0) chart.resize(canvas.clientWidth, canvas.clientHeight, true);
  }
  for (const [, chart, range] of spans) {
    if (range !== null) chart.timeScale().setVisibleLogicalRange(range);
  }
}

/**
 * Returns { box, chart, add, legend }: a chart in a box of a class that gives its height.
 * `add(kind, name, style, data)` adds a series whose colours are a function of the page's; `legend(text)` is called
 * with what is under the crosshair, and returns what the line above the chart says.
 */
export function timeChart(name, { height = "", legend = null, ariaLabel = name } = {}) {
  const canvas = el("div", { class: `chart ${height}`, role: "img", "aria-label": ariaLabel });
  const said = el("div", { class: "legend" });
  const box = el("div", { class: "chart-box", "data-chart": name }, said, canvas);
  const chart = createChart(canvas, { ...options(), width: 600, height: 240 });
  const styles = [];
  canvas.addEventListener("pointerdown", () => wheel(chart, true));
  box.addEventListener("pointerleave", () => wheel(chart, false));
  const self = { box, chart, series: {}, paint: colours() };
  drawn[name] = { chart, points: {}, series: self.series };
  chart.applyOptions(painted(self.paint));
  shown.set(canvas, chart);
  observer.observe(canvas);
  const forget = onTheme(() => {
    self.paint = colours();
    chart.applyOptions(painted(self.paint));
    for (const [series, style] of styles) series.applyOptions(style(self.paint));
    // Paper waits for no frame: taking a picture paints what is due.
    if (document.documentElement.dataset.printing !== undefined) chart.takeScreenshot();
  });
  self.close = () => {
    if (self.closed) return;
    self.closed = true;
    forget();
    observer.unobserve(canvas);
    shown.delete(canvas);
    closers.delete(self.close);
    if (drawn[name]?.chart === chart) delete drawn[name];
    chart.remove();
  };
  closers.add(self.close);
  // `points` says how many there are where `data` is not all of them.
  self.add = (kind, series, style, data, points = null) => {
    const made = chart[`add${kind}Series`]({ priceLineVisible: false, ...style(self.paint) });
    made.setData(data);
    styles.push([made, style]);
    self.series[series] = made;
    drawn[name].points[series] = points ?? data.filter((one) => one.value !== undefined || one.open !== undefined).length;
    box.dataset.points = Math.max(...Object.values(drawn[name].points));
    return made;
  };
  self.say = (parts) => said.replaceChildren(...parts);
  if (legend) {
    self.say(legend(null));
    chart.subscribeCrosshairMove((at) => self.say(legend(at.time === undefined ? null : at)));
  }
  return self;
}

// Shows every point, with room for the last label.
export function showAll(self) {
  const rows = Math.max(...Object.values(self.series).map((series) => series.data().length));
  self.chart
    .timeScale()
    .setVisibleLogicalRange({ from: -Math.max(0.5, rows * 0.01), to: rows - 1 + Math.max(0.5, rows * 0.02) });
}

function wheel(chart, on) {
  chart.applyOptions({ handleScroll: { mouseWheel: on }, handleScale: { mouseWheel: on } });
}

// Lets charts of the same points move together, their crosshairs too.
export function bind(charts) {
  let moving = false;
  for (const one of charts) {
    const others = charts.filter((other) => other !== one);
    one.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (moving || range === null) return;
      moving = true;
      for (const other of others) other.chart.timeScale().setVisibleLogicalRange(range);
      moving = false;
    });
    one.chart.subscribeCrosshairMove((at) => {
      if (!at.sourceEvent) return;
      for (const other of others) {
        const series = Object.values(other.series)[0];
        if (at.time === undefined) other.chart.clearCrosshairPosition();
        else other.chart.setCrosshairPosition(NaN, at.time, series);
      }
    });
  }
}

// Points of a chart: seconds and values; where a value is missing the line has a gap.
export const points = (times, values) =>
  times.map((time, row) =>
    values[row] === null ? { time: Math.floor(time / 1000) } : { time: Math.floor(time / 1000), value: values[row] },
  );

/**
 * Draws over a series: `paint(context, place, from, to)` is given the canvas, `place(logical, price)` in its pixels, and
 * the first and the last place in view; `reach(from, to)` gives the lowest and the highest price to be in view.
 * Returns what draws anew.
 */
export function drawOver(self, series, paint, reach = () => null) {
  let update = () => {};
  const renderer = {
    draw: (target) =>
      target.useMediaCoordinateSpace(({ context }) => {
        const scale = self.chart.timeScale();
        const range = scale.getVisibleLogicalRange();
        if (range === null) return;
        const wide = scale.logicalToCoordinate(1) - scale.logicalToCoordinate(0);
        // The scale knows whole places only.
        const across = (logical) => scale.logicalToCoordinate(Math.floor(logical)) + (logical % 1) * wide;
        const place = (logical, value) => [across(logical), series.priceToCoordinate(value)];
        paint(context, place, Math.floor(range.from) - 1, Math.ceil(range.to) + 1);
      }),
  };
  const views = [{ zOrder: () => "top", renderer: () => renderer }];
  series.attachPrimitive({
    attached: ({ requestUpdate }) => (update = requestUpdate),
    detached: () => {},
    updateAllViews: () => {},
    paneViews: () => views,
    autoscaleInfo: (from, to) => {
      const found = reach(from, to);
      return found === null ? null : { priceRange: { minValue: found[0], maxValue: found[1] } };
    },
  });
  return () => self.closed || update();
}

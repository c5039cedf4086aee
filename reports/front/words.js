// Values as people read them; what is not defined reads "n/a".

export const UNDEFINED = "n/a";
const defined = (value) => typeof value === "number" && Number.isFinite(value);

const formats = new Map();
function format(decimals, least = decimals) {
  const key = `${least}/${decimals}`;
  if (!formats.has(key)) {
    formats.set(key, new Intl.NumberFormat("en-US", { minimumFractionDigits: least, maximumFractionDigits: decimals }));
  }
  return formats.get(key);
}

// Minus signs are those of type-setting: as wide as a digit.
const signed = (text) => (/[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", ""));

export const number = (value, decimals = 2) => (defined(value) ? signed(format(decimals).format(value)) : UNDEFINED);
export const count = (value) => number(value, 0);
export const perCent = (value, decimals = 2) => (defined(value) ? `${number(value, decimals)} %` : UNDEFINED);
export const price = (value) => (defined(value) ? signed(format(8, 0).format(value)) : UNDEFINED);
export const plus = (text, value) => (value > 0 ? `+${text}` : text);

const pad = (value) => String(value).padStart(2, "0");

export function day(time) {
  const at = new Date(time);
  return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
}

export function minute(time) {
  const at = new Date(time);
  const seconds = at.getUTCSeconds() ? `:${pad(at.getUTCSeconds())}` : "";
  return `${day(time)} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}${seconds}`;
}

export function duration(ms) {
  if (!defined(ms)) return UNDEFINED;
  const minutes = ms / 60_000;
  if (minutes < 1) return `${Math.round(ms / 1000)} s`;
  if (minutes < 60) return `${Math.round(minutes)} min`;
  if (minutes % 60 === 0 && minutes < 48 * 60) return `${minutes / 60} h`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${pad(Math.round(minutes % 60) % 60)} min`;
  return `${number(minutes / 1440, 1)} days`;
}

export const tone = (value) => (value > 0 ? "gain" : value < 0 ? "loss" : "");

const ABBREVIATIONS = new Map([
  ["pct", ""],
  ["cagr", "CAGR"],
  ["mae", "MAE"],
  ["mfe", "MFE"],
  ["sqn", "SQN"],
  ["r", "R"],
  ["bps", "bps"],
  ["pnl", "PnL"],
  ["p05", "5th percentile"],
  ["p25", "25th percentile"],
  ["p75", "75th percentile"],
  ["p95", "95th percentile"],
  ["abs", "(quote)"],
]);

// A figure's name as a label: "max_drawdown_pct" is "Max drawdown".
export function label(name) {
  const words = name.split("_").map((word) => ABBREVIATIONS.get(word) ?? word);
  const text = words.filter(Boolean).join(" ");
  return text[0].toUpperCase() + text.slice(1);
}

/** A clause as a sentence. */
export const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

// Money of an account: two decimals, eight where it is kept in something dear.
export function moneyOf(run) {
  const decimals = run.result.performance.starting_balance < 10 ? 8 : 2;
  const unit = run.quote ? ` ${run.quote}` : "";
  return (value, withUnit = true) => (defined(value) ? number(value, decimals) + (withUnit ? unit : "") : UNDEFINED);
}

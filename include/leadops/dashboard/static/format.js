// Numbers, days and times in the reader's language; days and times in the company's zone.
import { language } from "./words.js";

export const { zone, currency } = document.documentElement.dataset;
export const NOTHING = "–";

const isMissing = (value) => value === null || value === undefined || Number.isNaN(value);

const numberFormats = new Map();
function numbers(options) {
  const key = JSON.stringify(options);
  if (!numberFormats.has(key)) numberFormats.set(key, new Intl.NumberFormat(language, options));
  return numberFormats.get(key);
}

/** 1234.5 → "1,234.5"; at most `digits` after the point. */
export function formatNumber(value, digits = 0) {
  return isMissing(value) ? NOTHING : numbers({ maximumFractionDigits: digits }).format(value);
}

/** 0.123 → "12.3%". */
export function formatPercent(value, digits = 1) {
  return isMissing(value) ? NOTHING : numbers({ style: "percent", maximumFractionDigits: digits }).format(value);
}

/** An amount of the company's currency, without its small change from 100 on. */
export function formatMoney(value) {
  if (isMissing(value)) return NOTHING;
  const options = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  if (Math.abs(value) >= 100) options.maximumFractionDigits = 0;
  return numbers(options).format(value);
}

/** An amount of the company's currency with three digits: ¥54.1M, 5410万円. */
export function formatMoneyShort(value) {
  if (isMissing(value) || Math.abs(value) < 100000) return formatMoney(value);
  const options = { style: "currency", currency, currencyDisplay: "narrowSymbol", notation: "compact" };
  return numbers({ ...options, maximumSignificantDigits: 3 }).format(value);
}

/** A short number for an axis: 12K, 1.2万. */
export function formatShort(value) {
  return isMissing(value) ? NOTHING : numbers({ notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** "2026-11-30" → "Nov 30, 2026"; `style` "short" leaves out the year. A day has no zone. */
export function formatDay(text, style = "long") {
  if (!text) return NOTHING;
  const options = { month: "short", day: "numeric", timeZone: "UTC" };
  if (style !== "short") options.year = "numeric";
  return new Intl.DateTimeFormat(language, options).format(new Date(`${text.slice(0, 10)}T00:00:00Z`));
}

const times = new Intl.DateTimeFormat(language, {
  timeZone: zone,
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const clock = new Intl.DateTimeFormat(language, {
  timeZone: zone,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** A moment (ISO) → day and time in the company's zone. */
export function formatTime(text) {
  return text ? times.format(new Date(text)) : NOTHING;
}

/** A moment (ISO) → the time of day with seconds, in the company's zone. */
export function formatClock(text) {
  return text ? clock.format(new Date(text)) : NOTHING;
}

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** Seconds → "40 sec", "1 min 30 sec", "25 min", "2 hr 5 min", "4 days 3 hr"; seconds only below ten minutes. */
export function formatSpan(seconds) {
  if (isMissing(seconds)) return NOTHING;
  const whole = Math.max(0, Math.round(seconds));
  let rest = whole >= 600 ? whole - (whole % 60) : whole;
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0 || (unit === "second" && parts.length === 0)) {
      const text = numbers({ style: "unit", unit, unitDisplay: "short" }).format(count);
      parts.push(language === "ja" ? text.replace(/\s/g, "") : text);
      rest -= count * size;
    }
    if (parts.length === 2) break;
  }
  return parts.join(language === "ja" ? "" : " ");
}

/** How long before `now` (a Date) a moment was, in seconds. */
export function secondsSince(text, now = new Date()) {
  return text ? (now.getTime() - new Date(text).getTime()) / 1000 : null;
}

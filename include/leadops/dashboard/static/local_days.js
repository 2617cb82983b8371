// The day and the minute of a moment in the company's zone.

const { zone } = document.documentElement.dataset;
const days = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
const minutes = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A moment (ISO) → its local day, "2026-11-30". */
export function dayOf(text) {
  return days.format(new Date(text));
}

/** A moment (ISO) → the time of its local day, "09:05". */
export function timeOf(text) {
  return minutes.format(new Date(text));
}

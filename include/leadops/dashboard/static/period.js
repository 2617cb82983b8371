// The days that a page is about: in the address, and as a control.
import { h, place } from "./dom.js";
import { formatDay, formatNumber } from "./format.js";
import { say } from "./words.js";

const LENGTHS = [7, 30, 90, 365];
const ONE_DAY = 86400000;

/** Return {from, to} of the address; empty texts leave the choice to the server. */
export function readPeriod() {
  const asked = new URLSearchParams(window.location.search);
  return { from: asked.get("from") || "", to: asked.get("to") || "" };
}

/** Put `params` into the address of the page; those without a value are taken out. */
export function keepInAddress(params) {
  const address = new URL(window.location.href);
  for (const [name, value] of Object.entries(params)) {
    if (value === "" || value === null || value === undefined || value === false) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  window.history.replaceState(null, "", address);
}

/** Return "Nov 1 – Nov 30, 2026". */
export function sayDays(first, last) {
  return say("period.days", { first: formatDay(first, "short"), last: formatDay(last) });
}

function shift(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * ONE_DAY).toISOString().slice(0, 10);
}

/**
 * Draw the control for the days from `from` to `to` into `container`; `change({from, to})` is called with
 * what the reader chooses.
 */
export function drawPeriod(container, { from, to, change }) {
  const days = Math.round((Date.parse(to) - Date.parse(from)) / ONE_DAY) + 1;
  const lengths = LENGTHS.map((length) =>
    h("button", {
      type: "button",
      "aria-pressed": length === days ? "true" : "false",
      onclick: () => change({ from: shift(to, 1 - length), to }),
    }, say("period.length", { count: length, number: formatNumber(length) })));
  const first = h("input", { type: "date", id: "period-from", value: from, max: to });
  const last = h("input", { type: "date", id: "period-to", value: to, min: from });
  const apply = () => {
    if (first.value && last.value && (first.value !== from || last.value !== to)) {
      change({ from: first.value, to: last.value });
    }
  };
  first.addEventListener("change", apply);
  last.addEventListener("change", apply);
  place(container, h("div", { class: "controls" },
    h("div", { class: "segmented", role: "group", "aria-label": say("period") }, lengths),
    h("div", { class: "field" }, h("label", { for: "period-from" }, say("period.from")), first),
    h("div", { class: "field" }, h("label", { for: "period-to" }, say("period.to")), last)));
}

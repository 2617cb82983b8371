// Tables that can be sorted by each column with mouse and keyboard.
import { h, place } from "./dom.js";
import { say, language } from "./words.js";
import { NOTHING, formatDay, formatMoney, formatNumber, formatPercent, formatSpan, formatTime } from "./format.js";

const SHOW = {
  text: (value) => (value === null || value === undefined || value === "" ? NOTHING : String(value)),
  number: (value) => formatNumber(value, 2),
  percent: (value) => formatPercent(value),
  money: (value) => formatMoney(value),
  day: (value) => formatDay(value),
  time: (value) => formatTime(value),
  span: (value) => formatSpan(value),
};
const NUMERIC = new Set(["number", "percent", "money", "span"]);
const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });

function compare(left, right) {
  const noLeft = left === null || left === undefined;
  const noRight = right === null || right === undefined;
  if (noLeft || noRight) return noLeft === noRight ? 0 : noLeft ? 1 : -1;
  if (typeof left === "number" && typeof right === "number") return left - right;
  return collator.compare(String(left), String(right));
}

/**
 * Draw a table into `container`.
 *
 * `columns`: [{key, label, kind, value(row), show(row)}]; `kind` is text, number, percent, money, day, time
 * or span; `value` gives what is sorted (default row[key]), `show` a node or text. `sortBy`: {key, descending}.
 * `total` is a row that stands below all others. With `onSort({key, descending})` the server sorts: `rows` are
 * shown in their order, and the function is called with what the reader chooses.
 * Returns {update(rows), sortedRows()}; the reader's order stays after an update.
 */
export function drawTable(container, { caption, columns, rows, sortBy = null, sortable = true, emptyText = "", total = null, onSort = null }) {
  let order = sortBy ? { descending: false, ...sortBy } : null;
  let current = rows;
  const valueOf = (column, row) => (column.value ? column.value(row) : row[column.key]);

  const heads = columns.map((column) => {
    const isNumeric = NUMERIC.has(column.kind);
    const content = sortable
      ? h("button", { type: "button", class: "sort", onclick: () => sortByColumn(column) }, column.label)
      : column.label;
    return h("th", { scope: "col", class: isNumeric ? "numeric" : null }, content);
  });
  const body = h("tbody");
  const foot = total ? h("tfoot", {}, drawRow(total)) : null;
  const table = h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, heads)), body, foot);
  const region = h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
  const note = h("p", { class: "muted", hidden: true }, emptyText || say("table.empty"));
  function sortByColumn(column) {
    const wasThis = order && order.key === column.key;
    order = { key: column.key, descending: wasThis ? !order.descending : NUMERIC.has(column.kind) };
    if (onSort) onSort(order);
    else draw();
  }

  function drawRow(row) {
    const cells = columns.map((column, index) => {
      const shown = column.show ? column.show(row) : SHOW[column.kind || "text"](valueOf(column, row));
      const isNumeric = NUMERIC.has(column.kind);
      return index === 0 && !isNumeric
        ? h("th", { scope: "row" }, shown)
        : h("td", { class: isNumeric ? "numeric" : null }, shown);
    });
    return h("tr", {}, cells);
  }

  function sortedRows() {
    if (onSort) return [...current];
    const column = order && columns.find((one) => one.key === order.key);
    if (!column) return [...current];
    const sign = order.descending ? -1 : 1;
    const isMissing = (row) => valueOf(column, row) === null || valueOf(column, row) === undefined;
    return [...current].sort((left, right) => {
      if (isMissing(left) || isMissing(right)) return Number(isMissing(left)) - Number(isMissing(right));
      return sign * compare(valueOf(column, left), valueOf(column, right));
    });
  }

  function draw() {
    columns.forEach((column, index) => {
      const direction = order && order.key === column.key ? (order.descending ? "descending" : "ascending") : null;
      if (direction) heads[index].setAttribute("aria-sort", direction);
      else heads[index].removeAttribute("aria-sort");
    });
    const lines = sortedRows().map(drawRow);
    place(body, lines);
    note.hidden = lines.length > 0;
  }

  draw();
  place(container, region, note);
  return {
    update(newRows) {
      current = newRows;
      draw();
    },
    sortedRows,
  };
}

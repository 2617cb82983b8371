// The rows behind a number of the funnel, page by page.
import { h, link, place } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { formatMoney, formatNumber } from "../format.js";
import { sayDays } from "../period.js";
import { pageAddress, startPage } from "../shell.js";
import { present } from "../states.js";
import { drawTable } from "../table.js";
import { hasWords, say } from "../words.js";

const FILTERS = ["campaign", "source", "rep"];

startPage("funnel_rows", async (page) => {
  const asked = new URLSearchParams(window.location.search);
  const query = { number: asked.get("number") || "mqls", from: asked.get("from"), to: asked.get("to"), after: asked.get("after") };
  const only = FILTERS.filter((name) => asked.has(name));
  const view = h("div", { class: "section" });
  page.append(h("p", {}, link(pageAddress(`funnel?${new URLSearchParams({ from: query.from || "", to: query.to || "" })}`), say("back"))), view);

  // An empty filter means "none", so it is sent as it is.
  const path = () => {
    const params = new URLSearchParams(only.map((name) => [name, asked.get(name)]));
    return `api/funnel/rows${only.length ? `?${params}&` : "?"}${new URLSearchParams(Object.entries(query).filter(([, value]) => value))}`;
  };

  await present(view, {
    load: () => fetchJson(path()),
    draw(answer) {
      const name = hasWords(`number.${query.number}`) ? say(`number.${query.number}`) : query.number;
      const chips = only.map((filter) => h("span", { class: "chip" }, `${say(`by.${filter}`)}: ${asked.get(filter) || say(`none.${filter}`)}`));
      const table = h("div");
      const next = new URLSearchParams(window.location.search);
      next.set("after", answer.next_after || "");
      const first = new URLSearchParams(window.location.search);
      first.delete("after");
      place(view, h("section", { class: "card" },
        h("div", { class: "head" },
          h("h2", {}, say("count", { count: answer.count, number: formatNumber(answer.count), name })),
          h("p", { class: "muted small" }, sayDays(answer.first, answer.last))),
        chips.length ? h("div", { class: "controls" }, chips) : null,
        table,
        h("div", { class: "controls" },
          query.after ? link(`?${first}`, say("page.first"), { class: "button" }) : null,
          answer.next_after ? link(`?${next}`, say("page.next"), { class: "button" }) : null)));
      const hasValue = answer.rows.some((row) => row.value !== null);
      const isLeftOut = query.number === "left_out";
      drawTable(table, {
        caption: name,
        columns: [
          { key: "lead_id", label: say("lead"), kind: "text", show: (row) => link(pageAddress(`leads/${row.lead_id}`), say("lead.number", { id: String(row.lead_id) })) },
          { key: "email", label: say("person") },
          { key: "company", label: say("company") },
          { key: "occurred_at", label: say("when"), kind: "time" },
          ...(isLeftOut ? [
            { key: "stage", label: say("stage"), show: (row) => say(`stage.${row.stage}`) },
            { key: "counts_as", label: say("why"), show: (row) => say(`why.${row.counts_as}`) },
          ] : []),
          { key: "campaign", label: say("by.campaign") },
          { key: "source", label: say("by.source") },
          ...(query.number === "leads" ? [] : [{ key: "rep", label: say("by.rep") }]),
          ...(hasValue || query.number.endsWith("wons") ? [{ key: "value", label: say("value"), kind: "money", show: (row) => (row.value === null ? say("value.none") : formatMoney(row.value)) }] : []),
        ],
        rows: answer.rows,
        sortable: false,
      });
    },
  });
});

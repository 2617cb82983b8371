// The page Leads: finds a lead by number, mail or company.
import { h, place } from "../dom.js";
import { addressOf, fetchJson } from "../fetch_json.js";
import { formatNumber, NOTHING } from "../format.js";
import { drawSearchBox } from "../search_box.js";
import { seesPeople, startPage } from "../shell.js";
import { present, showEmpty } from "../states.js";
import { drawTable } from "../table.js";
import { say } from "../words.js";

startPage("leads", (page) => {
  const box = h("div");
  const results = h("div", { "aria-live": "polite" });
  page.append(h("section", { class: "card" }, box), results);
  const hint = seesPeople ? say("search.hint") : say("search.hint.masked");
  let running = null;

  function showProblem(problem) {
    showEmpty(results, say(`problem.${problem}`), hint);
  }

  function draw(answer) {
    if (answer.problem) return showProblem(answer.problem);
    if (answer.leads.length === 0) return showEmpty(results, say("none"), hint);
    const columns = [
      { key: "lead_id", label: say("lead"), show: (row) =>
        h("a", { href: addressOf(`leads/${row.lead_id}`) }, say("lead.number", { number: String(row.lead_id) })) },
      { key: "email", label: say("mail"), show: (row) => (row.is_erased ? say("erased") : row.email || NOTHING) },
      { key: "company", label: say("company") },
      { key: "shown", label: say("score"), kind: "number", show: (row) => formatNumber(row.shown) },
      { key: "grade", label: say("grade") },
      { key: "stage", label: say("stage"), show: (row) => (row.stage ? say(`stage.${row.stage}`) : NOTHING) },
      { key: "found_by", label: say("found_by"), show: (row) => sayFound(row) },
    ];
    const table = h("div");
    drawTable(table, { caption: say("results"), columns, rows: answer.leads });
    place(results, h("section", { class: "card" }, h("div", { class: "head" }, h("h2", {}, say("results")),
      h("p", { class: "muted small" }, answer.has_more
        ? say("results.more", { count: answer.leads.length }) : say("results.count", { count: answer.leads.length }))),
    table));
  }

  function sayFound(row) {
    const text = say(`found.${row.found_by}`);
    return row.found_lead_id === row.lead_id ? text : `${text} ${say("found.joined", { lead: String(row.found_lead_id) })}`;
  }

  async function search(text, { keep = true } = {}) {
    if (running) running.abort();
    running = new AbortController();
    const { signal } = running;
    if (keep) window.history.pushState(null, "", addressOf("leads", { q: text }));
    if (!text) return showProblem("empty");
    if (/^[0-9]{1,18}$/.test(text)) {
      const answer = await present(results, { load: () => fetchJson("api/leads", { q: text }, { signal }), draw });
      if (answer && answer.leads.length === 1 && !answer.problem) {
        window.location.assign(addressOf(`leads/${answer.leads[0].lead_id}`));
      }
      return undefined;
    }
    return present(results, { load: () => fetchJson("api/leads", { q: text }, { signal }), draw });
  }

  const asked = () => (new URLSearchParams(window.location.search).get("q") || "").trim();
  const words = { label: say("search.label"), hint, button: say("search.button") };
  const input = drawSearchBox(box, { words, value: asked(), search });
  window.addEventListener("popstate", () => {
    input.value = asked();
    search(asked(), { keep: false });
  });
  input.focus();
  search(asked(), { keep: false });
});

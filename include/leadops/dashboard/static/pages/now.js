// The page Now: what is going on this minute. It renews itself every ten seconds.
import { h, setText } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { formatClock, secondsSince } from "../format.js";
import { keepRenewed } from "../renew.js";
import { startPage } from "../shell.js";
import { showEmpty, showFailed, showStale } from "../states.js";
import { drawTable } from "../table.js";
import { say } from "../words.js";

startPage("now", (page) => {
  const stale = h("p", { class: "stale", role: "status", hidden: true });
  const asOf = h("p", { class: "muted small number" });
  const incidents = h("div");
  const content = h("div", { class: "page", hidden: true },
    h("section", { class: "card" }, h("div", { class: "head" }, h("h2", {}, say("incidents")), asOf), incidents));
  const failed = h("div");
  page.append(stale, failed, content);
  let last = null;

  function draw(answer) {
    last = answer;
    stale.hidden = true;
    failed.replaceChildren();
    content.hidden = false;
    setText(asOf, say("as_of", { time: formatClock(answer.as_of) }));
    const columns = [
      { key: "kind", label: say("incident.kind") },
      { key: "subject", label: say("incident.subject") },
      { key: "age", label: say("incident.age"), kind: "span", value: (row) => secondsSince(row.opened_at, new Date(answer.as_of)) },
    ];
    if (answer.incidents.length === 0) showEmpty(incidents, say("incidents.none"), say("incidents.none.hint"));
    else drawTable(incidents, { caption: say("incidents"), columns, rows: answer.incidents });
  }

  keepRenewed({
    seconds: 10,
    load: () => fetchJson("api/now"),
    draw,
    fail(error) {
      if (last) showStale(stale, secondsSince(last.as_of), error);
      else showFailed(failed, error, () => window.location.reload());
    },
  });
});

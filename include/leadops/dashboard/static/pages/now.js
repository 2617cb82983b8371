// The page Now: what goes on this minute. It renews itself every ten seconds, in place.
import { drawChart } from "../charts.js";
import { h, keepList, link, setText } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { NOTHING, formatClock, formatNumber, formatSpan, formatTime, secondsSince, zone } from "../format.js";
import { keepRenewed } from "../renew.js";
import { startPage } from "../shell.js";
import { showFailed, showLoading, showStale } from "../states.js";
import { language, say } from "../words.js";

const RENEW_SECONDS = 10;

/** A coloured word; `status` is good, warn, bad or unknown. */
function makeChip() {
  return h("span", { class: "chip" });
}
function setChip(chip, status, text) {
  chip.className = `chip ${status}`;
  setText(chip, text);
}

// --- The hops ----------------------------------------------------------------------------------------------

function makeHop(hop) {
  const parts = { value: h("span", { class: "value" }), chip: makeChip(), usual: h("span", { class: "note" }), waiting: h("span", { class: "note" }) };
  const card = h("article", { class: "card figure" },
    h("div", { class: "head" }, h("h3", { class: "label" }, say(`hop.${hop.name}`)), parts.chip),
    parts.value, parts.usual, parts.waiting);
  card.parts = parts;
  return card;
}

function updateHop(card, hop) {
  const { value, chip, usual, waiting } = card.parts;
  setText(value, formatSpan(hop.age ?? 0));
  setChip(chip, hop.status, say(`status.${hop.status}`));
  setText(usual, hop.usual === null ? say("hop.limit", { limit: formatSpan(hop.limit) })
    : say("hop.usual", { span: formatSpan(hop.usual), limit: formatSpan(hop.limit) }));
  setText(waiting, hop.waiting === null ? say("hop.behind") : hop.waiting === 0 ? say("hop.nothing") : say("hop.waiting", { count: hop.waiting }));
}

// --- The canary and the live lane --------------------------------------------------------------------------

function makeVisit(hop) {
  const parts = { chip: makeChip(), took: h("span", { class: "number" }), usual: h("span", { class: "muted small" }) };
  const row = h("li", { class: "dag" },
    h("div", { class: "head" }, h("strong", {}, say(`canary.${hop.name}`)), parts.chip), h("div", { class: "line" }, parts.took, parts.usual));
  row.parts = parts;
  return row;
}

function updateVisit(row, hop) {
  const { chip, took, usual } = row.parts;
  setChip(chip, hop.status, say(`status.${hop.status}`));
  setText(took, hop.seconds === null ? NOTHING : say(hop.is_waiting ? "canary.waits" : "canary.took", { span: formatSpan(hop.seconds) }));
  setText(usual, hop.usual === null ? say("hop.limit", { limit: formatSpan(hop.limit) })
    : say("hop.usual", { span: formatSpan(hop.usual), limit: formatSpan(hop.limit) }));
}

function describeLanes(lanes, now) {
  if (!lanes) return say("live.none");
  if (lanes.problem) return say("live.problem", { problem: lanes.problem });
  if (!lanes.working) return say("live.stopped", { span: formatSpan(secondsSince(lanes.worked_at, now)) });
  return lanes.lag_seconds === null ? say("live.idle") : say("live.lag", { span: formatSpan(lanes.lag_seconds) });
}

// --- The incidents -----------------------------------------------------------------------------------------

function makeIncident() {
  const parts = { chip: makeChip(), what: h("strong"), age: h("span", { class: "muted small number" }), taken: h("span", { class: "muted small" }), links: h("span", { class: "links small" }) };
  const item = h("li", { class: "incident" }, parts.chip, h("div", {}, parts.what, h("div", { class: "line" }, parts.age, parts.taken, parts.links)));
  item.parts = parts;
  return item;
}

function updateIncident(item, incident, now) {
  const { chip, what, age, taken, links } = item.parts;
  setChip(chip, incident.severity === "critical" ? "bad" : "warn", say(`severity.${incident.severity}`));
  setText(what, incident.what[language] || incident.label[language] || incident.kind);
  setText(age, say("incident.open_for", { span: formatSpan(secondsSince(incident.opened_at, now)) }));
  setText(taken, incident.acknowledged_at ? say("incident.taken") : incident.escalated_at ? say("incident.escalated") : "");
  const wanted = ["slack", "page", "runbook", "run", "log"].filter((name) => incident.links[name]);
  keepList(links, wanted, {
    keyOf: (name) => name,
    make: (name) => link(incident.links[name], say(`link.${name}`), { target: "_blank", rel: "noopener" }),
    update: (node, name) => { if (node.href !== undefined) node.setAttribute("href", incident.links[name]); },
  });
}

// --- The DAGs ----------------------------------------------------------------------------------------------

function makeDag(dag) {
  const parts = { age: h("span", { class: "number" }), chip: makeChip(), tasks: h("span", { class: "muted small" }) };
  const name = link(dag.url, dag.dag_id, { target: "_blank", rel: "noopener" });
  const row = h("li", { class: "dag" }, h("div", { class: "head" }, h("strong", {}, name), parts.chip), h("div", { class: "line" }, parts.age, parts.tasks));
  row.parts = parts;
  return row;
}

function updateDag(row, dag, now) {
  const { age, chip, tasks } = row.parts;
  setChip(chip, dag.status, say(`dag.${dag.is_failing ? "failing" : dag.status}`));
  setText(age, dag.succeeded_at ? say("dag.last", { span: formatSpan(secondsSince(dag.succeeded_at, now)) }) : say("dag.never"));
  setText(tasks, Object.entries(dag.tasks)
    .map(([name, at]) => `${name} ${formatSpan(secondsSince(at, now))}`).join(" · "));
}

// --- The systems -------------------------------------------------------------------------------------------

function makeSystem(target) {
  const cell = () => h("td", { class: "numeric" });
  const parts = { chip: makeChip(), waiting: cell(), oldest: cell(), hour: cell(), day: cell(), refused: cell(), letters: cell(), note: h("div", { class: "muted small" }) };
  const row = h("tr", {}, h("th", { scope: "row" }, h("span", { class: "name" }, target.target.toUpperCase(), " ", parts.chip), parts.note),
    parts.waiting, parts.oldest, parts.hour, parts.day, parts.refused, parts.letters);
  row.parts = parts;
  return row;
}

function updateSystem(row, target, now) {
  const { chip, waiting, oldest, hour, day, refused, letters, note } = row.parts;
  setChip(chip, target.status, say(target.paused_until ? "status.paused" : `status.${target.status}`));
  setText(waiting, formatNumber(target.deltas + target.effects));
  setText(oldest, target.oldest_at ? formatSpan(secondsSince(target.oldest_at, now)) : NOTHING);
  setText(hour, formatNumber(target.hour_calls));
  setText(day, formatNumber(target.day_calls));
  setText(refused, formatNumber(target.refused));
  setText(letters, formatNumber(target.dead_letters));
  setText(note, target.paused_until ? say("system.paused", { time: formatClock(target.paused_until), reason: target.pause_reason || NOTHING })
    : target.reason ? say("system.reason", { reason: target.reason }) : "");
}

// --- The chart ---------------------------------------------------------------------------------------------

function describePushes(pushes) {
  const option = () => ({
    legend: {},
    xAxis: { type: "category", data: pushes.map((minute) => formatClock(minute.starts_at).slice(0, 5)), boundaryGap: true },
    yAxis: { type: "value", minInterval: 1, splitNumber: 4 },
    series: [
      { name: say("pushes.deltas"), type: "bar", stack: "all", data: pushes.map((minute) => minute.deltas) },
      { name: say("pushes.effects"), type: "bar", stack: "all", data: pushes.map((minute) => minute.effects) },
    ],
  });
  const sum = (key) => pushes.reduce((total, minute) => total + minute[key], 0);
  return {
    option,
    summary: say("pushes.summary", { deltas: sum("deltas"), effects: sum("effects") }),
    table: {
      columns: [
        { key: "starts_at", label: say("pushes.minute"), kind: "time" },
        { key: "deltas", label: say("pushes.deltas"), kind: "number" },
        { key: "effects", label: say("pushes.effects"), kind: "number" },
      ],
      rows: pushes,
      sortBy: { key: "starts_at", descending: true },
    },
  };
}

// --- The page ----------------------------------------------------------------------------------------------

startPage("now", (page) => {
  const stale = h("p", { class: "stale", role: "status", hidden: true });
  const failed = h("div");
  const asOf = h("p", { class: "muted small number" });
  const held = h("p", { class: "stale", role: "status", hidden: true });
  const hops = h("div", { class: "grid" });
  const incidents = h("ul", { class: "plain" });
  const noIncidents = h("div", { class: "state empty" }, h("strong", {}, say("incidents.none")), h("p", {}, say("incidents.none.hint")));
  const channels = h("ul", { class: "plain small" });
  const dags = h("ul", { class: "plain" });
  const canary = h("ul", { class: "plain" });
  const noCanary = h("p", { class: "muted small" }, say("canary.none"));
  const lanes = h("p", { class: "muted small" });
  const systems = h("tbody");
  const arrivals = h("p", { class: "muted small" });
  const chartBox = h("div");
  const heads = ["name", "waiting", "oldest", "hour", "day", "refused", "letters"];
  const table = h("table", {}, h("caption", {}, say("systems")),
    h("thead", {}, h("tr", {}, heads.map((name, index) => h("th", { scope: "col", class: index ? "numeric" : null }, say(`system.${name}`))))), systems);
  const content = h("div", { class: "page", hidden: true },
    held,
    h("section", { class: "section", "aria-labelledby": "hops" }, h("div", { class: "head" }, h("h2", { id: "hops" }, say("hops")), asOf), hops),
    h("div", { class: "columns" },
      h("section", { class: "card" }, h("h2", {}, say("incidents")), incidents, noIncidents, channels),
      h("section", { class: "card" }, h("h2", {}, say("dags")), dags)),
    h("section", { class: "card" }, h("div", { class: "head" }, h("h2", {}, say("canary")), lanes), canary, noCanary),
    h("section", { class: "card" }, h("div", { class: "head" }, h("h2", {}, say("systems")), arrivals),
      h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": say("systems") }, table)),
    h("section", { class: "card" }, chartBox));
  page.append(stale, failed, content);
  showLoading(failed, 6);
  let last = null;
  let chart = null;

  function draw(answer) {
    last = answer;
    const now = new Date(answer.as_of);
    stale.hidden = true;
    if (failed.hasChildNodes()) failed.replaceChildren();
    content.hidden = false;
    setText(asOf, say("as_of", { time: formatClock(answer.as_of), zone }));
    held.hidden = !answer.held_since;
    if (answer.held_since) setText(held, say("held", { time: formatTime(answer.held_since), reason: answer.held_reason }));
    keepList(hops, answer.hops, { keyOf: (hop) => hop.name, make: makeHop, update: updateHop });
    keepList(canary, answer.canary, { keyOf: (hop) => hop.name, make: makeVisit, update: updateVisit });
    noCanary.hidden = answer.canary.length > 0;
    setText(lanes, describeLanes(answer.live, now));
    noIncidents.hidden = answer.incidents.length > 0;
    keepList(incidents, answer.incidents, { keyOf: (one) => one.incident_id, make: makeIncident, update: (node, one) => updateIncident(node, one, now) });
    keepList(channels, answer.failing_channels, {
      keyOf: (one) => one.channel,
      make: () => h("li"),
      update: (node, one) => setText(node, say("channel.failing", { channel: say(`channel.${one.channel}`), span: formatSpan(secondsSince(one.failing_since, now)), problem: one.problem })),
    });
    keepList(dags, answer.dags, { keyOf: (dag) => dag.dag_id, make: makeDag, update: (node, dag) => updateDag(node, dag, now) });
    keepList(systems, answer.targets, { keyOf: (one) => one.target, make: makeSystem, update: (node, one) => updateSystem(node, one, now) });
    const { accepted, refused_calls: calls, quarantined } = answer.arrivals;
    setText(arrivals, say("arrivals", { accepted: `${formatNumber(accepted)}${accepted >= 10000 ? "+" : ""}`, refused: formatNumber(calls), quarantined: formatNumber(quarantined) }));
    const pushes = describePushes(answer.pushes);
    if (!chart) chart = drawChart(chartBox, { title: say("pushes"), height: 220, ...pushes });
    else chart.then((drawn) => drawn.update(pushes));
  }

  const renew = keepRenewed({
    seconds: RENEW_SECONDS,
    load: () => fetchJson("api/now"),
    draw,
    fail(error) {
      if (last) showStale(stale, secondsSince(last.as_of), error);
      else showFailed(failed, error, () => renew());
    },
  });
});

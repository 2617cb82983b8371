// The tab on the pages of DAGs and runs in Airflow: what a run did, in numbers.
import { h, place, setText } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { NOTHING, formatClock, formatDay, formatNumber, formatTime, secondsSince } from "../format.js";
import { keepRenewed } from "../renew.js";
import { pageAddress, startPage } from "../shell.js";
import { showEmpty, showFailed, showLoading, showStale } from "../states.js";
import { drawTable } from "../table.js";
import { hasWords, say } from "../words.js";

/** The counts that say most about a run of a DAG, as TASK.COUNT; of another DAG the first ones are shown. */
const HEADLINES = {
  score_leads: ["resolve.events", "resolve.new_leads", "score.points", "push.deltas", "qualify.mql", "qualify.sql", "assign.assigned"],
  refresh_funnel: ["refresh.day", "refresh.mqls", "refresh.wons", "refresh.again", "check_quality.findings", "attribute.conversions"],
  retrain_thresholds: ["propose.day", "retrain.outcome", "points.points", "propose.plan", "apply.decided_by", "apply.value"],
};
const MOST = 6;

/** The pages that show what a DAG's tasks made. */
const PLACES = { refresh_funnel: ["funnel"], retrain_thresholds: ["threshold"], score_leads: ["", "delivery"], deliver_outbox: ["delivery"] };

/** Return the DAG and the run that the address names: /runs/DAG or /runs/DAG/RUN. */
function readAddress() {
  const root = document.documentElement.dataset.root;
  const path = window.location.pathname.slice(root.length).replace(/^\/runs\//, "");
  const cut = path.indexOf("/");
  const read = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  return cut < 0 ? [read(path), null] : [read(path.slice(0, cut)), read(path.slice(cut + 1))];
}

const pathOf = (...parts) => parts.map((part) => encodeURIComponent(part)).join("/");

/** The words for a count: those of this task, those of any task, or its name. */
function nameCount(task, name) {
  for (const key of [`${task}.${name}`, name]) if (hasWords(`count.${key}`)) return say(`count.${key}`);
  const [system, ...rest] = name.split(".");
  if (rest.length && hasWords(`count.${rest.join(".")}`)) return say("count_of", { system: hasWords(`system.${system}`) ? say(`system.${system}`) : system, count: say(`count.${rest.join(".")}`) });
  return name.replaceAll("_", " ").replaceAll(".", ": ");
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

function showWord(value) {
  if (DAY.test(value)) return formatDay(value);
  return hasWords(`value.${value}`) ? say(`value.${value}`) : value;
}

function showValue(value) {
  if (value === null || value === "") return NOTHING;
  if (typeof value === "number") return formatNumber(value, 2);
  if (typeof value === "boolean") return value ? say("yes") : say("no");
  if (Array.isArray(value)) return value.length ? value.map(showWord).join(", ") : NOTHING;
  return showWord(value);
}

const isQuiet = (value) => !value || (Array.isArray(value) && value.length === 0);
const countsOf = (run) => run.tasks.flatMap((task) => task.counts.map((count) => ({ task: task.task_id, ...count })));

/** Return the counts to show first, as [task, name]. */
function chooseHeadlines(dagId, runs) {
  if (HEADLINES[dagId]) return HEADLINES[dagId].map((key) => [key.slice(0, key.indexOf(".")), key.slice(key.indexOf(".") + 1)]);
  const found = new Map();
  for (const run of runs) {
    for (const count of countsOf(run)) {
      const key = `${count.task} ${count.name}`;
      if (typeof count.value === "number" && !found.has(key)) found.set(key, [count.task, count.name]);
    }
  }
  return [...found.values()].slice(0, MOST);
}

/** Return what a run says about one count: of several tries the last one. */
function findCount(run, task, name) {
  const found = countsOf(run).filter((count) => count.task === task && count.name === name);
  return found.length ? found[found.length - 1].value : null;
}

function describeRun(run) {
  const said = chooseHeadlines(run.dag_id, [run])
    .map(([task, name]) => [nameCount(task, name), findCount(run, task, name)])
    .filter(([, value]) => !isQuiet(value))
    .map(([label, value]) => say("sentence.part", { label, value: showValue(value) }));
  if (said.length) return said.join(say("sentence.join"));
  return countsOf(run).every((count) => isQuiet(count.value)) ? say("quiet") : "";
}

function nameType(run) {
  return hasWords(`type.${run.run_type}`) ? say(`type.${run.run_type}`) : run.run_type || NOTHING;
}

function showTask(task) {
  const box = h("div");
  const isText = (count) => typeof count.value === "string" && count.value.length > 60;
  const columns = [
    { key: "name", label: say("count.what"), value: (row) => nameCount(task.task_id, row.name) },
    { key: "value", label: say("count.value"), kind: "number", show: (row) => h("span", { class: isQuiet(row.value) ? "muted" : null }, showValue(row.value)) },
  ];
  const texts = task.counts.filter(isText).map((count) => h("p", { lang: "en" }, h("strong", { lang: document.documentElement.lang }, `${nameCount(task.task_id, count.name)}: `), count.value));
  const rest = task.counts.filter((count) => !isText(count));
  const time = formatClock(task.finished_at);
  const tries = task.try_number > 1 ? say("task.try", { number: task.try_number, time }) : time;
  if (rest.length) drawTable(box, { caption: `${task.task_id}, ${tries}`, columns, rows: rest, sortable: false });
  else if (!texts.length) showEmpty(box, say("task.quiet"));
  return h("section", { class: "card", dataset: { key: `${task.task_id} ${task.try_number}` } },
    h("div", { class: "head" }, h("h2", {}, h("code", {}, task.task_id)),
      h("span", { class: "muted small" }, tries)),
    hasWords(`task.about.${task.task_id}`) ? h("p", { class: "muted small" }, say(`task.about.${task.task_id}`)) : null,
    texts, box);
}

function showPlaces(dagId) {
  const links = (PLACES[dagId] || []).map((place_) => h("a", { class: "button", href: pageAddress(place_) }, say(`place.${place_ || "now"}`)));
  return links.length ? h("div", { class: "controls" }, links) : null;
}

function showRun(container, run) {
  if (!run.tasks.length) {
    showEmpty(container, say("run.none"), say("run.none.hint"));
    return;
  }
  place(container,
    h("p", {}, describeRun(run)),
    h("p", { class: "muted small" }, say("run.started", { time: formatTime(run.started_at), type: nameType(run) })),
    showPlaces(run.dag_id),
    h("div", { class: "columns" }, run.tasks.map(showTask)),
    h("p", {}, h("a", { href: pageAddress(`runs/${pathOf(run.dag_id)}`) }, say("runs.back"))));
}

function makeRuns(container, dagId) {
  let table = null;
  let shape = "";
  return (answer) => {
    if (!answer.runs.length) {
      table = null;
      showEmpty(container, say("runs.none"), say("runs.none.hint"));
      return;
    }
    const headlines = chooseHeadlines(dagId, answer.runs);
    const wanted = headlines.join(" ");
    if (!table || wanted !== shape) {
      shape = wanted;
      const columns = [
        { key: "started_at", label: say("run.start"), show: (run) => h("a", { class: "nowrap", href: pageAddress(`runs/${pathOf(dagId, run.run_id)}`) }, formatTime(run.started_at)) },
        { key: "run_type", label: say("run.type"), value: nameType },
        ...headlines.map(([task, name]) => ({ key: `${task}.${name}`, label: nameCount(task, name), kind: "number",
          value: (run) => findCount(run, task, name), show: (run) => showValue(findCount(run, task, name)) })),
      ];
      const box = h("div");
      place(container, h("section", { class: "card" }, h("h2", {}, say("runs.heading")), box), showPlaces(dagId));
      table = drawTable(box, { caption: say("runs.heading"), columns, rows: answer.runs, sortBy: { key: "started_at", descending: true } });
    } else table.update(answer.runs);
  };
}

startPage("runs", (page) => {
  const [dagId, runId] = readAddress();
  const heading = h("p", { class: "muted" }, h("code", {}, runId === null ? dagId : `${dagId} · ${runId}`));
  const stale = h("p", { class: "stale", role: "status", hidden: true });
  const content = h("div", { class: "page" });
  page.append(heading, stale, content);
  showLoading(content, 4);
  const drawRuns = makeRuns(content, dagId);
  let last = null;
  let shown = "";
  keepRenewed({
    seconds: 10,
    load: () => fetchJson(`api/runs/${runId === null ? pathOf(dagId) : pathOf(dagId, runId)}`),
    draw(answer) {
      last = answer;
      stale.hidden = true;
      const now = JSON.stringify({ ...answer, as_of: null });
      if (now === shown) return;
      shown = now;
      if (runId === null) drawRuns(answer);
      else showRun(content, answer);
    },
    fail(error) {
      if (last) showStale(stale, secondsSince(last.as_of), error);
      else showFailed(content, error, () => window.location.reload());
    },
  });
});

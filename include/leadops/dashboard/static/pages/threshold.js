// The page Threshold: what each threshold would bring, what is in force, what was decided, what waits.
import { airflowLink } from "../airflow_link.js";
import { drawChart } from "../charts.js";
import { showCommand } from "../copy.js";
import { h, place, setText } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { NOTHING, formatDay, formatNumber, formatPercent, formatTime } from "../format.js";
import { startPage } from "../shell.js";
import { describeError, present, showEmpty } from "../states.js";
import { drawTable } from "../table.js";
import { language, say } from "../words.js";

/** Milliseconds that a slider rests before the server is asked. */
const REST = 60;

const minutes = (value) => (value === null || value === undefined ? NOTHING : say("minutes", { value: formatNumber(value, 1) }));
const points = (value) => (value === null || value === undefined ? NOTHING : say("points", { value: formatNumber(value, 1) }));
const exact = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const sqls = (value) => (value === null || value === undefined ? NOTHING : exact.format(value));
const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${sqls(Math.abs(value))}`;

function showFigure(label, value, note) {
  return h("div", { class: "card figure" }, h("span", { class: "label" }, label), h("span", { class: "value" }, value),
    note ? h("span", { class: "note" }, note) : null);
}

function showFigures(answer) {
  const { in_force: active, forecast } = answer;
  const today = forecast && forecast.today;
  const figures = [
    showFigure(say("in_force"), active.total === null ? say("no_total") : points(active.total),
      active.total === null
        ? say("no_total.note", { threshold: active.threshold, version: active.kpi_version })
        : say("in_force.note", { version: active.kpi_version })),
    showFigure(say("target"), minutes(active.sla_minutes), say("target.note")),
  ];
  if (today) {
    figures.push(
      showFigure(say("sqls"), sqls(today.forecast.sqls),
        say("interval", { confidence: formatPercent(forecast.confidence, 0), low: sqls(today.low), high: sqls(today.high) })),
      showFigure(say("leads"), formatNumber(today.forecast.leads, 1),
        say("leads.note", { capacity: formatNumber(forecast.capacity.leads_a_week, 1), count: forecast.capacity.salespeople })),
      showFigure(say("in_time"), formatPercent(today.forecast.in_time, 0),
        say("in_time.note", { level: formatPercent(forecast.service_level, 0) })),
    );
  }
  return h("div", { class: "grid" }, figures);
}

function showWaiting(question) {
  const link = question.run_id
    ? airflowLink(["dags", question.dag_id, "runs", question.run_id, "required_actions"], say("waiting.open"), { class: "button primary" })
    : null;
  return h("section", { class: "card", "aria-labelledby": `waits-${question.day}` },
    h("div", { class: "head" },
      h("h2", { id: `waits-${question.day}` }, say("waiting", { day: formatDay(question.day) })),
      h("span", { class: "chip warn" }, say("waiting.since", { time: formatTime(question.waits_since) }))),
    h("p", { lang: "en" }, question.reason),
    link ? h("p", { class: "small muted" }, say("waiting.form")) : null,
    link,
    h("p", { class: "small muted" }, say("waiting.cli")),
    h("div", { class: "commands" },
      showCommand(`leadops thresholds approve --day ${question.day}`),
      showCommand(`leadops thresholds reject --day ${question.day}`)));
}

/** Return the lowest threshold over which no more leads come than the team can take; null where there is none. */
function findCapacityThreshold(curve, leads) {
  const point = curve.find((one) => one.forecast.leads <= leads);
  return point ? point.forecast.threshold : null;
}

const pairs = (curve, read) => curve.map((one) => [one.forecast.threshold, read(one)]);

function drawBand(curve, colour) {
  return {
    type: "custom",
    name: say("band"),
    silent: true,
    data: [0],
    tooltip: { show: false },
    renderItem: (params, api) => ({
      type: "polygon",
      shape: {
        points: [
          ...curve.map((one) => api.coord([one.forecast.threshold, one.high])),
          ...[...curve].reverse().map((one) => api.coord([one.forecast.threshold, one.low])),
        ],
      },
      style: { fill: colour, opacity: 0.16 },
    }),
  };
}

/** The axis of the thresholds: as far as the curves go, which a band does not say by itself. */
function drawScores(...curves) {
  const scores = curves.flat().map((one) => one.forecast.threshold);
  return { type: "value", name: say("axis.threshold"), nameLocation: "middle", nameGap: 28, min: Math.min(...scores), max: Math.max(...scores) };
}

/** Return a round number that is not below `value`: 1, 2, 2.5 or 5 times a power of ten. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].map((step) => step * power).find((step) => step >= value);
}

/** Whether a threshold lies in the left half of a curve. */
const isLeft = (score, curve) => score - curve[0].forecast.threshold <= curve[curve.length - 1].forecast.threshold - score;

function drawSqls(forecast, whatIf) {
  const { curve, today } = forecast;
  const limit = findCapacityThreshold(curve, forecast.capacity.leads_a_week);
  return (colours) => {
    const lines = [];
    if (limit !== null) {
      lines.push({ xAxis: limit, lineStyle: { color: colours.warn, type: "dashed" }, label: { formatter: say("capacity"), color: colours.text, align: isLeft(limit, curve) ? "left" : "right" } });
    }
    const series = [
      drawBand(curve, colours.series[0]),
      { type: "line", name: say("today"), data: pairs(curve, (one) => one.forecast.sqls), showSymbol: false, color: colours.series[0],
        markLine: { symbol: "none", silent: true, data: lines } },
      { type: "scatter", name: say("today.point"), data: [[today.forecast.threshold, today.forecast.sqls]], symbolSize: 12, color: colours.series[0], z: 5 },
    ];
    if (whatIf) {
      const { forecast: there } = whatIf.what_if;
      series.push(
        { type: "line", name: say("what_if"), data: pairs(whatIf.curve, (one) => one.forecast.sqls), showSymbol: false, color: colours.series[2] },
        { type: "scatter", name: say("what_if.point"), data: [[there.threshold, there.sqls]], symbol: "diamond", symbolSize: 14, color: colours.series[2], z: 6 },
      );
    }
    return { legend: { data: [say("today"), ...(whatIf ? [say("what_if")] : [])] }, xAxis: drawScores(curve, whatIf ? whatIf.curve : []),
      yAxis: { type: "value", min: 0 }, grid: { bottom: 28, top: 56 },
      tooltip: { valueFormatter: (value) => sqls(value) }, series };
  };
}

function drawLeads(forecast, whatIf) {
  const { curve, today, capacity } = forecast;
  return (colours) => {
    const line = (leads, colour, name) => ({ yAxis: leads, lineStyle: { color: colour, type: "dashed" },
      label: { formatter: name, position: "insideEndTop", color: colours.text } });
    const lines = [line(capacity.leads_a_week, colours.warn, say("capacity"))];
    if (whatIf && whatIf.capacity.salespeople !== capacity.salespeople) {
      lines.push(line(whatIf.capacity.leads_a_week, colours.series[2], say("capacity.what_if")));
    }
    return { xAxis: drawScores(curve), yAxis: { type: "value", min: 0,
      max: ({ max }) => roundUp(Math.max(max, ...lines.map((one) => one.yAxis))) },
      grid: { bottom: 28, top: 24 }, tooltip: { valueFormatter: (value) => formatNumber(value, 1) },
      series: [
        { type: "line", name: say("axis.leads"), data: pairs(curve, (one) => one.forecast.leads), showSymbol: false, color: colours.series[1],
          markLine: { symbol: "none", silent: true, data: lines } },
        { type: "scatter", name: say("today.point"), data: [[today.forecast.threshold, today.forecast.leads]], symbolSize: 12, color: colours.series[1], z: 5 },
      ] };
  };
}

function listCurve(forecast, whatIf) {
  const others = new Map((whatIf ? whatIf.curve : []).map((one) => [one.forecast.threshold, one.forecast.sqls]));
  return forecast.curve.map((one) => ({ ...one.forecast, low: one.low, high: one.high, what_if: others.get(one.forecast.threshold) ?? null }));
}

const CURVE_COLUMNS = () => [
  { key: "threshold", label: say("axis.threshold"), kind: "number" },
  { key: "sqls", label: say("axis.sqls"), kind: "number" },
  { key: "low", label: say("low"), kind: "number" },
  { key: "high", label: say("high"), kind: "number" },
  { key: "what_if", label: say("what_if"), kind: "number" },
];
const LEAD_COLUMNS = () => [
  { key: "threshold", label: say("axis.threshold"), kind: "number" },
  { key: "leads", label: say("axis.leads"), kind: "number" },
  { key: "in_time", label: say("in_time"), kind: "percent" },
  { key: "worked", label: say("worked"), kind: "percent" },
];

const MEASURES = [
  ["threshold", (one) => points(one.threshold)],
  ["target", (one) => minutes(one.sla_minutes)],
  ["leads", (one) => formatNumber(one.leads, 1)],
  ["in_time", (one) => formatPercent(one.in_time, 0)],
  ["worked", (one) => formatPercent(one.worked, 0)],
  ["wait", (one) => minutes(Math.round(one.wait_minutes))],
  ["sqls", (one) => sqls(one.sqls)],
];

function listMeasures(forecasts) {
  return MEASURES.map(([key, show]) => ({ key, label: say(`measure.${key}`), ...Object.fromEntries(
    Object.entries(forecasts).map(([name, one]) => [name, one ? show(one) : NOTHING])) }));
}

function makeSlider(id, label, { min, max, value, show }) {
  const output = h("output", { for: id, class: "number" }, show(value));
  const input = h("input", { id, type: "range", min, max, step: 1, value, "aria-valuetext": show(value) });
  input.addEventListener("input", () => {
    setText(output, show(Number(input.value)));
    input.setAttribute("aria-valuetext", show(Number(input.value)));
  });
  return {
    input,
    node: h("div", { class: "field slider" }, h("div", { class: "head" }, h("label", { for: id }, label), output), input),
    set(wanted) {
      input.value = wanted;
      input.dispatchEvent(new Event("input"));
    },
  };
}

async function showForecast(container, forecast) {
  const { today, best, capacity, targets } = forecast;
  const start = { people: capacity.salespeople, target: targets.indexOf(today.forecast.sla_minutes) };
  const people = makeSlider("salespeople", say("slider.salespeople"), {
    min: 1, max: Math.max(capacity.salespeople * 2, capacity.salespeople + 5), value: start.people,
    show: (value) => say("people", { count: value }) });
  const target = makeSlider("sla", say("slider.target"), {
    min: 0, max: targets.length - 1, value: start.target, show: (value) => minutes(targets[value]) });
  const sentence = h("p", { role: "status", "aria-live": "polite", id: "what-if-answer" });
  const reset = h("button", { type: "button", class: "button" }, say("reset"));
  const tableBox = h("div");
  const sqlsBox = h("div", { class: "card" });
  const leadsBox = h("div", { class: "card" });
  place(container,
    h("section", { class: "card what-if" },
      h("div", { class: "head" }, h("h2", {}, say("what_if.heading")), reset),
      h("p", { class: "muted small" }, say("what_if.hint")),
      h("div", { class: "columns" }, people.node, target.node), sentence, tableBox),
    h("div", { class: "columns" }, sqlsBox, leadsBox));

  const columns = [
    { key: "label", label: say("measure") },
    { key: "today", label: say("today"), show: (row) => row.today },
    { key: "what_if", label: say("what_if"), show: (row) => row.what_if },
    { key: "best", label: say("best"), show: (row) => row.best },
  ];
  const rowsOf = (whatIf) => listMeasures(whatIf
    ? { today: whatIf.today, what_if: whatIf.what_if.forecast, best: whatIf.best }
    : { today: today.forecast, what_if: null, best });
  const table = drawTable(tableBox, { caption: say("what_if.heading"), columns, rows: rowsOf(null), sortable: false });
  const note = h("p", { class: "muted small" }, say("basis", { day: formatDay(forecast.day), days: forecast.window_days, mature: forecast.mature, sqls: forecast.sqls }));
  container.append(note);

  const describeSqls = say("chart.sqls.summary", { threshold: today.forecast.threshold, sqls: sqls(today.forecast.sqls),
    low: sqls(today.low), high: sqls(today.high), best: best.threshold, best_sqls: sqls(best.sqls) });
  const describeLeads = say("chart.leads.summary", { leads: formatNumber(today.forecast.leads, 1), capacity: formatNumber(capacity.leads_a_week, 1) });
  const charts = await Promise.all([
    drawChart(sqlsBox, { title: say("chart.sqls", { confidence: formatPercent(forecast.confidence, 0) }), summary: describeSqls,
      option: drawSqls(forecast, null), table: { columns: CURVE_COLUMNS(), rows: listCurve(forecast, null) }, height: 340 }),
    drawChart(leadsBox, { title: say("chart.leads"), summary: describeLeads, option: drawLeads(forecast, null),
      table: { columns: LEAD_COLUMNS(), rows: listCurve(forecast, null) }, height: 340 }),
  ]);

  function show(whatIf) {
    table.update(rowsOf(whatIf));
    charts[0].update({ option: drawSqls(forecast, whatIf), table: { rows: listCurve(forecast, whatIf) } });
    charts[1].update({ option: drawLeads(forecast, whatIf) });
    if (!whatIf) {
      setText(sentence, "");
      return;
    }
    const { forecast: there } = whatIf.what_if;
    setText(sentence, say("what_if.sentence", { count: whatIf.capacity.salespeople, target: minutes(there.sla_minutes),
      sqls: sqls(there.sqls), today: sqls(whatIf.today.sqls), best: whatIf.best.threshold, best_sqls: sqls(whatIf.best.sqls) }));
  }

  let timer = 0;
  let asked = null;
  async function ask() {
    if (asked) asked.abort();
    asked = new AbortController();
    const mine = asked;
    const wanted = { salespeople: people.input.value, sla_minutes: targets[Number(target.input.value)] };
    try {
      const answer = await fetchJson("api/threshold/what-if", wanted, { signal: mine.signal });
      if (mine === asked) show(answer.what_if);
    } catch (error) {
      if (error.name !== "AbortError" && mine === asked) setText(sentence, describeError(error).filter(Boolean).join(" "));
    }
  }
  for (const slider of [people, target]) {
    slider.input.addEventListener("input", () => {
      window.clearTimeout(timer);
      const isToday = Number(people.input.value) === start.people && Number(target.input.value) === start.target;
      if (isToday) {
        if (asked) asked.abort();
        asked = null;
        show(null);
      } else timer = window.setTimeout(ask, REST);
    });
  }
  reset.addEventListener("click", () => {
    people.set(start.people);
    target.set(start.target);
  });
}

function nameDecision(line) {
  if (line.decided_by !== "kept") return line.decided_by;
  if (line.waits) return "waits";
  if (line.plan === "ask") return line.answer || "asked";
  return line.plan === "apply" ? "proposed" : "kept";
}
const KINDS = { automatic: "good", approved: "good", reverted: "bad", waits: "warn", rejected: "warn" };

function showStep(line) {
  if (!line.before || !line.after) return NOTHING;
  const steps = [];
  if (line.before.threshold !== line.after.threshold) steps.push(`${points(line.before.threshold)} → ${points(line.after.threshold)}`);
  if (line.before.sla_minutes !== line.after.sla_minutes) steps.push(`${minutes(line.before.sla_minutes)} → ${minutes(line.after.sla_minutes)}`);
  return steps.length ? steps.join(say("step.join")) : say("step.none");
}

/** Return the decisions with nights in a row that decided the same, for the same reason, as one line. */
function joinNights(decisions) {
  const lines = [];
  for (const line of decisions) {
    const later = lines[lines.length - 1];
    const isSame = later && line.decided_by === "kept" && nameDecision(line) === nameDecision(later) && line.reason === later.reason;
    if (isSame) later.first = line.day;
    else lines.push({ ...line, first: line.day });
  }
  return lines;
}

function showDays(line) {
  const last = formatDay(line.day);
  return h("span", { class: "nowrap" }, line.first === line.day ? last : say("decision.days", { first: formatDay(line.first, "short"), last }));
}

function drawDecisions(container, decisions) {
  const columns = [
    { key: "day", label: say("decision.day"), show: showDays },
    { key: "decision", label: say("decision.what"), value: (row) => say(`decision.${nameDecision(row)}`),
      show: (row) => h("span", { class: `chip ${KINDS[nameDecision(row)] || ""}` }, say(`decision.${nameDecision(row)}`)) },
    { key: "step", label: say("decision.step"), value: showStep, show: (row) => h("span", { class: "nowrap" }, showStep(row)) },
    { key: "gain", label: say("decision.gain"), kind: "number",
      show: (row) => (row.gain === null ? NOTHING : h("span", {}, signed(row.gain), row.interval
        ? h("span", { class: "muted" }, ` (${signed(row.interval[0])} – ${signed(row.interval[1])})`) : null)) },
    { key: "reason", label: say("decision.reason"), show: (row) => h("span", { lang: "en", class: "wide" }, row.reason) },
  ];
  drawTable(container, { caption: say("decisions"), columns, rows: joinNights(decisions), sortBy: { key: "day", descending: true } });
}

startPage("threshold", (page) => {
  const content = h("div", { class: "page" });
  page.append(content);
  return present(content, {
    load: () => fetchJson("api/threshold"),
    lines: 8,
    async draw(answer) {
      const forecastBox = h("div", { class: "page" });
      const decisionsBox = h("div");
      place(content, showFigures(answer), answer.waiting.map(showWaiting), forecastBox,
        h("section", { class: "card" }, h("h2", {}, say("decisions")), decisionsBox));
      if (answer.decisions.length) drawDecisions(decisionsBox, answer.decisions);
      else showEmpty(decisionsBox, say("decisions.none"), say("forecast.none.hint"));
      if (!answer.forecast) showEmpty(forecastBox, say("forecast.none"), say("forecast.none.hint"));
      else if (answer.forecast.reason) {
        place(forecastBox, h("div", { class: "state empty" }, h("strong", {}, say("forecast.reason")), h("p", { lang: "en" }, answer.forecast.reason)));
      } else await showForecast(forecastBox, answer.forecast);
    },
  });
});

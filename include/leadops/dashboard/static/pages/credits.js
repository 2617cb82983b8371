// The page Attribution and economics: months with CAC and payback, credits by model, and the calculator.
import { drawChart } from "../charts.js";
import { h, link, place } from "../dom.js";
import { AnswerError, fetchJson } from "../fetch_json.js";
import { NOTHING, formatDay, formatMoney, formatMoneyShort, formatNumber, formatPercent } from "../format.js";
import { keepInAddress } from "../period.js";
import { pageAddress, startPage } from "../shell.js";
import { present, showFailed } from "../states.js";
import { drawTable } from "../table.js";
import { language, loadWords, say } from "../words.js";
import { presentLift } from "./lift.js";

//: Names in the chart; the table has all of them.
const NAMES_SHOWN = 8;
const INPUTS = ["mqls", "sql_rate", "win_rate", "acv", "cost"];
const RATES = new Set(["sql_rate", "win_rate"]);

const monthFormat = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", timeZone: "UTC" });
const sayMonth = (month) => monthFormat.format(new Date(`${month}T00:00:00Z`));
const monthOf = (day) => day.slice(0, 7);

function daysOf(month) {
  const last = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0));
  return { from: `${monthOf(month)}-01`, to: last.toISOString().slice(0, 10) };
}

function rowsAddress(number, row) {
  const address = new URLSearchParams({ number, ...daysOf(row.month) });
  if (!row.is_total) address.set("campaign", row.campaign || "");
  return pageAddress(`funnel/rows?${address}`);
}

/** A count that opens its rows; costs that no campaign bears have none. */
function showCount(key, number) {
  return (row) => (row[key] && row.line !== "shared" ? link(rowsAddress(number, row), formatNumber(row[key])) : formatNumber(row[key]));
}

const sayLine = (row) => row.campaign || say(`line.${row.line}`);

function describeMonth(first) {
  const young = (row, text) => (row.is_mature ? text : `${text} *`);
  return [
    first,
    { key: "cost", label: say("cost"), kind: "money" },
    { key: "won", label: say("deals"), kind: "number", show: showCount("won", "wons") },
    { key: "value", label: say("value"), kind: "money" },
    { key: "cac", label: say("cac"), kind: "money" },
    { key: "mqls", label: say("mqls"), kind: "number", show: showCount("mqls", "mqls") },
    { key: "cohort_won", label: say("cohort_won"), kind: "number", show: showCount("cohort_won", "cohort_wons") },
    { key: "cohort_open", label: say("cohort_open"), kind: "number" },
    { key: "cohort_cac", label: say("cohort_cac"), kind: "money", show: (row) => (row.cohort_cac === null ? formatMoney(null) : young(row, formatMoney(row.cohort_cac))) },
    { key: "payback_months", label: say("payback"), kind: "number", show: (row) => (row.payback_months === null ? formatNumber(null) : young(row, formatNumber(row.payback_months, 1))) },
  ];
}

function drawEconomics(container, answer, choose) {
  const chart = h("div");
  const payback = h("div");
  const table = h("div");
  const lines = h("div");
  const costs = h("div");
  const last = answer.months[answer.months.length - 1];
  const unknown = answer.months.reduce((sum, row) => sum + row.won_without_value + row.won_without_rate, 0);
  place(container,
    h("div", { class: "head" }, h("h2", {}, say("economics")), h("p", { class: "muted small" }, say("economics.day", { day: formatDay(answer.day) }))),
    h("div", { class: "columns" }, chart, payback),
    table,
    h("p", { class: "muted small" }, say("economics.young", { days: last.maturity_days }), unknown ? ` ${say("economics.unknown", { count: unknown })}` : ""),
    h("h3", {}, say("month.lines", { month: sayMonth(answer.month) })),
    lines,
    answer.costs.length ? h("details", {}, h("summary", {}, say("month.costs")), costs) : null);
  drawTable(table, {
    caption: say("economics"),
    columns: describeMonth({ key: "month", label: say("month"), value: (row) => row.month, show: (row) => {
      const text = sayMonth(row.month) + (row.is_over ? "" : ` ${say("month.running")}`);
      if (row.month === answer.month) return h("strong", {}, `${text} ◂`);
      const onclick = (event) => {
        event.preventDefault();
        choose(monthOf(row.month));
      };
      return h("a", { href: `?month=${monthOf(row.month)}`, onclick }, text);
    } }),
    rows: [...answer.months].reverse(),
    sortBy: { key: "month", descending: true },
  });
  drawTable(lines, {
    caption: say("month.lines", { month: sayMonth(answer.month) }),
    columns: describeMonth({ key: "campaign", label: say("campaign"), value: sayLine, show: (row) => (row.is_total ? say("line.total") : sayLine(row)) }),
    rows: answer.lines,
    sortBy: { key: "cost", descending: true },
    total: answer.months.find((row) => row.month === answer.month),
  });
  if (answer.costs.length) {
    drawTable(costs, {
      caption: say("month.costs"),
      columns: [
        { key: "campaign", label: say("campaign"), value: sayLine },
        { key: "category", label: say("category"), value: (row) => say(`category.${row.category}`) },
        { key: "direct", label: say("direct"), kind: "money" },
        { key: "allocated", label: say("allocated"), kind: "money" },
      ],
      rows: answer.costs,
      sortBy: { key: "direct", descending: true },
    });
  }
  const months = answer.months.filter((row) => row.is_over);
  const mature = months.filter((row) => row.is_mature);
  const bar = { type: "bar", barMaxWidth: 36 };
  const monthColumn = { key: "month", label: say("month"), value: (row) => row.month, show: (row) => sayMonth(row.month) };
  return Promise.all([
    drawChart(chart, {
      title: say("cac.chart"),
      height: 220,
      summary: say("cac.summary", { month: sayMonth(last.month), cac: formatMoney(months.length ? months[months.length - 1].cac : null) }),
      option: (colours) => ({
        legend: {},
        tooltip: { valueFormatter: formatMoney },
        xAxis: { type: "category", data: months.map((row) => sayMonth(row.month)) },
        yAxis: { type: "value" },
        series: [
          { ...bar, name: say("cac"), data: months.map((row) => row.cac), itemStyle: { color: colours.series[0], borderRadius: [2, 2, 0, 0] } },
          { type: "line", name: say("cohort_cac"), data: months.map((row) => (row.is_mature ? row.cohort_cac : null)), itemStyle: { color: colours.series[2] }, symbolSize: 7, connectNulls: true },
        ],
      }),
      table: { columns: [monthColumn, { key: "cac", label: say("cac"), kind: "money" }, { key: "cohort_cac", label: say("cohort_cac"), kind: "money" }], rows: months },
    }),
    drawChart(payback, {
      title: say("payback.chart"),
      height: 220,
      option: (colours) => ({
        xAxis: { type: "category", data: mature.map((row) => sayMonth(row.month)) },
        yAxis: { type: "value" },
        series: [{ ...bar, name: say("payback"), data: mature.map((row) => row.payback_months), itemStyle: { color: colours.series[1], borderRadius: [2, 2, 0, 0] }, label: { show: true, position: "top", color: colours.text } }],
      }),
      table: { columns: [monthColumn, { key: "payback_months", label: say("payback"), kind: "number" }], rows: mature },
    }),
  ]);
}

const sayCredit = (credit) => (credit && credit.conversions !== null
  ? `${formatNumber(credit.conversions, 1)} (${formatNumber(credit.conversions_low, 1)}–${formatNumber(credit.conversions_high, 1)})`
  : formatNumber(null));

/** Draw the credit of one model at one name: a dot at the credit, a line over its interval. */
function drawInterval(index, count, colour) {
  return (params, api) => {
    const [row, credit, low, high] = [0, 1, 2, 3].map((dimension) => api.value(dimension));
    const band = api.size([0, 1])[1];
    const shift = (index - (count - 1) / 2) * (band / (count + 1.5));
    const [x, y] = api.coord([credit, row]);
    const [start] = api.coord([low, row]);
    const [end] = api.coord([high, row]);
    return {
      type: "group",
      children: [
        { type: "line", shape: { x1: start, y1: y + shift, x2: end, y2: y + shift }, style: { stroke: colour, lineWidth: 2, opacity: 0.55 } },
        { type: "circle", shape: { cx: x, cy: y + shift, r: 3.5 }, style: { fill: colour } },
      ],
    };
  };
}

function drawCredits(container, answer, by, choose) {
  const tabs = h("div", { class: "segmented", role: "group", "aria-label": say("credits") },
    ["channel", "campaign"].map((name) => h("button", { type: "button", "aria-pressed": name === by ? "true" : "false", onclick: () => choose(name) }, say(`by.${name}`))));
  const { period } = answer;
  const head = h("div", { class: "head" }, h("h2", {}, say("credits")), tabs);
  if (!period) {
    place(container, head, h("p", { class: "muted" }, say("credits.none")));
    return undefined;
  }
  const basis = h("p", { class: "muted small" },
    say("credits.basis", { from: formatDay(period.since), to: formatDay(period.dt), count: period.conversions, conversion: period.conversion, untouched: period.untouched, touches: period.touches }),
    Number(period.value) ? ` ${say("credits.value", { value: formatMoney(period.value) })}` : "");
  if (!answer.names.length) {
    place(container, head, basis, h("p", {}, answer.note ? say("credits.note", { note: answer.note }) : say("credits.empty")));
    return undefined;
  }
  const chart = h("div");
  const table = h("div");
  place(container, head, basis, chart, h("p", { class: "muted small" }, say("credits.hint")), table);
  const columns = [
    { key: "name", label: say(`by.${by}`) },
    ...answer.models.map((model) => ({
      key: model,
      label: say(`model.${model}`),
      kind: "number",
      value: (row) => (row.credits[model] ? row.credits[model].conversions : null),
      show: (row) => sayCredit(row.credits[model]),
    })),
  ];
  drawTable(table, { caption: say("credits"), columns, rows: answer.names });
  const shown = answer.names.slice(0, NAMES_SHOWN).reverse();
  return drawChart(chart, {
    title: say("credits.chart"),
    height: 120 + shown.length * 64,
    option: (colours) => ({
      legend: {},
      tooltip: {
        trigger: "item",
        formatter: ({ seriesIndex, dataIndex }) => `${shown[dataIndex].name}\n${say(`model.${answer.models[seriesIndex]}`)}: ${sayCredit(shown[dataIndex].credits[answer.models[seriesIndex]])}`,
      },
      xAxis: { type: "value", min: 0 },
      yAxis: { type: "category", data: shown.map((row) => row.name), splitLine: { show: true }, axisLabel: { width: 120, overflow: "truncate" } },
      series: answer.models.map((model, index) => ({
        type: "custom",
        name: say(`model.${model}`),
        itemStyle: { color: colours.series[index] },
        renderItem: drawInterval(index, answer.models.length, colours.series[index]),
        encode: { x: [1, 2, 3], y: 0 },
        data: shown.map((row, place_) => {
          const credit = row.credits[model] || {};
          return [place_, credit.conversions ?? null, credit.conversions_low ?? null, credit.conversions_high ?? null];
        }),
      })),
    }),
    table: { columns, rows: answer.names },
  });
}

/** Return the inputs of the last 30 days; costs are those of the newest month that is over. */
function findInputs(kpi, months) {
  const over = months.filter((row) => row.is_over && row.cost !== null);
  const valued = kpi.won - kpi.won_without_value - kpi.won_without_rate;
  return {
    mqls: kpi.mqls,
    sql_rate: Math.min(1, kpi.sql_rate ?? 0),
    win_rate: kpi.sqls ? Math.min(1, kpi.won / kpi.sqls) : 0,
    acv: valued > 0 ? kpi.value / valued : 0,
    cost: over.length ? over[over.length - 1].cost : null,
  };
}

function drawScenario(container, inputs) {
  const fields = {};
  const result = h("div", { class: "section", "aria-live": "polite" });
  const rows = INPUTS.map((name) => {
    const isRate = RATES.has(name);
    const amount = isRate ? inputs[name] * 100 : inputs[name];
    const digits = amount >= 1000 ? 0 : 2;
    const given = inputs[name] === null ? "" : String(Number(amount.toFixed(digits)));
    const make = (side) => {
      const field = h("input", { type: "number", min: "0", max: isRate ? "100" : null, step: "any", required: name !== "cost", inputmode: "decimal", value: given, id: `${side}-${name}`, "aria-label": `${say(`input.${name}`)}, ${say(`side.${side}`)}` });
      field.addEventListener("input", () => answerSoon());
      fields[`${side}-${name}`] = field;
      return field;
    };
    return h("tr", {}, h("th", { scope: "row" }, say(`input.${name}`)), h("td", { class: "numeric" }, make("before")), h("td", { class: "numeric" }, make("after")));
  });
  place(container,
    h("h2", {}, say("scenario")),
    h("p", { class: "muted small" }, say("scenario.hint")),
    h("div", { class: "columns" },
      h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": say("scenario") },
        h("table", { class: "inputs" }, h("caption", {}, say("scenario")),
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("a_month")), h("th", { scope: "col", class: "numeric" }, say("side.before")), h("th", { scope: "col", class: "numeric" }, say("side.after")))),
          h("tbody", {}, rows))),
      result));
  let timer = 0;
  let running = null;

  function readInputs() {
    const params = {};
    for (const name of INPUTS) {
      const [before, after] = ["before", "after"].map((side) => {
        const text = fields[`${side}-${name}`].value.trim();
        return RATES.has(name) && text !== "" ? String(Number((Number(text) / 100).toFixed(8))) : text;
      });
      if (name === "cost" && (before === "" || after === "")) continue;
      params[name] = before === after ? before : `${before}:${after}`;
    }
    return params;
  }

  function answerSoon() {
    window.clearTimeout(timer);
    timer = window.setTimeout(answerNow, 80);
  }

  async function answerNow() {
    running?.abort();
    running = new AbortController();
    const wrong = Object.values(fields).find((field) => !field.validity.valid);
    if (wrong) {
      showFailed(result, new AnswerError(422, say("input.wrong", { name: wrong.getAttribute("aria-label"), bounds: say(wrong.max ? "input.percent" : "input.number") })));
      return;
    }
    try {
      drawResult(await fetchJson("api/economics/scenario", readInputs(), { signal: running.signal }));
    } catch (error) {
      if (error.name !== "AbortError") showFailed(result, error, answerNow);
    }
  }

  function drawResult({ before, after, alone, times, ten_percent_more: more }) {
    const figure = (name, form) => h("section", { class: "card figure" },
      h("h3", { class: "label" }, say(`result.${name}`)),
      h("span", { class: "value", dataset: { result: name } }, form(after[name])),
      h("p", { class: "note" }, say("before", { value: form(before[name]) })));
    const effects = h("div");
    place(result,
      h("div", { class: "grid figures" },
        figure("won", (value) => formatNumber(value, 1)),
        figure("revenue", formatMoneyShort),
        before.cac === null && after.cac === null ? null : figure("cac", formatMoneyShort)),
      times === null || times === 1 ? null : h("p", {}, say("times", { times: formatNumber(times, 2) })),
      effects);
    const difference = (value, base, form) => (value === null || base === null ? NOTHING : value === base ? form(0) : `${value > base ? "+" : "−"}${form(Math.abs(value - base))}`);
    const change = (label, figures) => ({ label, won: difference(figures.won, before.won, (value) => formatNumber(value, 1)), revenue: difference(figures.revenue, before.revenue, formatMoney), cac: difference(figures.cac, before.cac, formatMoney) });
    drawTable(effects, {
      caption: say("effects"),
      columns: [
        { key: "label", label: say("effects") },
        { key: "won", label: say("result.won"), kind: "number", show: (row) => row.won },
        { key: "revenue", label: say("result.revenue"), kind: "number", show: (row) => row.revenue },
        { key: "cac", label: say("result.cac"), kind: "number", show: (row) => row.cac },
      ],
      rows: [
        ...Object.entries(alone).map(([name, figures]) => change(say("effect.alone", { name: say(`input.${name}`) }), figures)),
        ...Object.entries(more).map(([name, figures]) => change(say("effect.more", { name: say(`input.${name}`), share: formatPercent(0.1) }), figures)),
      ],
      sortable: false,
    });
  }

  answerNow();
}

startPage("credits", async (page) => {
  await loadWords("lift");
  const asked = new URLSearchParams(window.location.search);
  const query = { month: asked.get("month") || "", by: asked.get("by") === "campaign" ? "campaign" : "channel" };
  const economics = h("section", { class: "card" });
  const credits = h("section", { class: "card" });
  const scenario = h("section", { class: "card" });
  const lift = h("section", { class: "card" });
  page.append(economics, scenario, credits, lift);
  const charts = {};

  async function keepCharts(name, drawing) {
    for (const chart of charts[name] || []) chart.dispose();
    charts[name] = [await drawing].flat().filter(Boolean);
  }

  const loadEconomics = (month) => {
    if (month !== undefined) {
      query.month = month;
      keepInAddress({ month });
    }
    return present(economics, {
      load: () => fetchJson("api/economics", { month: query.month }),
      isEmpty: (answer) => !answer.months.length,
      empty: [say("economics.none"), say("economics.none.hint")],
      draw: (answer) => keepCharts("economics", drawEconomics(economics, answer, loadEconomics)),
      lines: 6,
    });
  };

  const loadCredits = (by) => {
    if (by !== undefined) {
      query.by = by;
      keepInAddress({ by: by === "channel" ? "" : by });
    }
    return present(credits, {
      load: () => fetchJson("api/credits", { by: query.by }),
      draw: (answer) => keepCharts("credits", drawCredits(credits, answer, query.by, loadCredits)),
      lines: 6,
    });
  };

  const [months] = await Promise.all([loadEconomics(), loadCredits(), presentLift(lift)]);
  await present(scenario, {
    load: () => fetchJson("kpi"),
    draw: (kpi) => drawScenario(scenario, findInputs(kpi, months ? months.months : [])),
  });
});

// The page Funnel: a period beside the one before it, the trend, and the rows by campaign, source or salesperson.
import { drawChart } from "../charts.js";
import { h, place } from "../dom.js";
import { addressOf, fetchJson } from "../fetch_json.js";
import { formatDay, formatMoney, formatMoneyShort, formatNumber, formatPercent } from "../format.js";
import { drawPeriod, keepInAddress, readPeriod, sayDays } from "../period.js";
import { pageAddress, startPage } from "../shell.js";
import { present, showEmpty } from "../states.js";
import { drawTable } from "../table.js";
import { language, say } from "../words.js";

const GROUPINGS = ["campaign", "source", "rep"];
const PAGE_ROWS = 100;
//: Whether more is better.
const BETTER = { mqls: 1, sqls: 1, sql_rate: 1, wons: 1, value: 1, cac: -1, payback: -1 };

const SHOW = {
  sql_rate: (value) => formatPercent(value),
  value: (value) => formatMoneyShort(value),
  cac: (value) => formatMoneyShort(value),
  payback: (value) => say("months", { count: value, number: formatNumber(value, 1) }),
};
const show = (name, value) => (value === null ? formatNumber(null) : (SHOW[name] || ((number) => formatNumber(number)))(value));

function rowsAddress(number, days, only = {}) {
  const address = new URLSearchParams({ number, from: days.from, to: days.to });
  for (const [name, value] of Object.entries(only)) address.set(name, value ?? "");
  return pageAddress(`funnel/rows?${address}`);
}

function sayMonths(months) {
  const format = new Intl.DateTimeFormat(language, { year: "numeric", month: "short", timeZone: "UTC" });
  const names = months.map((month) => format.format(new Date(`${month}T00:00:00Z`)));
  return names.length > 1 ? `${names[0]} – ${names[names.length - 1]}` : names[0] || "";
}

/** Return by how much a figure changed: {text, share} (share null: it cannot be said). */
function compare(name, now, before) {
  if (now === null || before === null) return { text: "", share: null };
  if (name === "sql_rate") {
    const points = (now - before) * 100;
    const sign = points > 0 ? "+" : points < 0 ? "−" : "±";
    return { text: say("points", { change: `${sign}${formatNumber(Math.abs(points), 1)}` }), share: points / 100 };
  }
  if (before === 0) return { text: now === 0 ? "±0%" : "", share: null };
  const share = (now - before) / before;
  const sign = share > 0 ? "+" : share < 0 ? "−" : "±";
  return { text: `${sign}${formatPercent(Math.abs(share), Math.abs(share) < 0.1 ? 1 : 0)}`, share };
}

function drawFigure(name, now, before, { href, note = "" }) {
  const change = compare(name, now, before);
  const direction = change.share === null || change.share === 0 ? "" : change.share * BETTER[name] > 0 ? "up" : "down";
  const arrow = change.share === null || change.share === 0 ? "" : change.share > 0 ? "▲ " : "▼ ";
  return h("section", { class: "card figure" },
    h("h2", { class: "label" }, say(`figure.${name}`)),
    h(href && now !== null ? "a" : "span", { class: "value", href: now === null ? null : href, dataset: { figure: name } },
      name === "payback" && now !== null ? [formatNumber(now, 1), h("small", {}, ` ${say("months.unit", { count: now })}`)] : show(name, now)),
    change.text ? h("p", { class: "note" }, h("strong", { class: direction }, arrow + change.text)) : null,
    before === null ? null : h("p", { class: "note" }, say("before", { value: show(name, before) })),
    note ? h("p", { class: "note" }, note) : null);
}

function drawFigures(container, answer) {
  const { now, before } = answer;
  const days = { from: now.first, to: now.last };
  const counted = ["mqls", "sqls", "sql_rate", "wons", "value"].map((name) => {
    const number = { sql_rate: "sqls", value: "wons" }[name] || name;
    const unvalued = now.wons_without_value + now.wons_without_rate;
    const note = name === "value" && unvalued ? say("unvalued", { count: unvalued }) : "";
    return drawFigure(name, now[name], before[name], { href: rowsAddress(number, days), note });
  });
  const byMonth = ["cac", "payback"].map((name) => {
    const months = now[name].months;
    const note = now[name].reason ? say(`reason.${now[name].reason}`) : say(`months.${name}`, { months: sayMonths(months) });
    const href = months.length ? pageAddress(`credits?month=${months[months.length - 1].slice(0, 7)}`) : null;
    return drawFigure(name, now[name].value, before[name].value, { href, note });
  });
  place(container, h("div", { class: "grid figures" }, counted, byMonth));
}

/** One sentence that says what matters, for who has five seconds. */
function sayHeadline({ now, before }) {
  const parts = ["mqls", "sqls", "wons"].map((name) => {
    const { share } = compare(name, now[name], before[name]);
    const count = show(name, now[name]);
    if (share === null || Math.abs(share) < 0.005) return say(`headline.${name}.same`, { count });
    return say(`headline.${name}.${share > 0 ? "up" : "down"}`, { count, share: formatPercent(Math.abs(share), 0) });
  });
  return say("headline", { mqls: parts[0], sqls: parts[1], wons: parts[2], days: formatNumber(now.days) });
}

function sayCounted({ now }) {
  const parts = [];
  if (now.days_built < now.days) parts.push(say("counted.some", { built: now.days_built, days: now.days }));
  if (now.days_stale) parts.push(say("counted.stale", { count: now.days_stale }));
  return parts.join(" ");
}

const sayPoint = (point) => (point.first === point.last ? formatDay(point.last, "short") : `${formatDay(point.first, "short")} – ${formatDay(point.last, "short")}`);

/** Points of the period before stand at the same place from the end. */
function alignBefore(trend, before, name) {
  const offset = before.length - trend.length;
  return trend.map((_, index) => (before[index + offset] ? before[index + offset][name] : null));
}

/** The mean of each point and the six before it, as far as they are known. */
function smooth(values, earlier = []) {
  const all = [...earlier, ...values];
  return values.map((_, index) => {
    const end = earlier.length + index + 1;
    const span = all.slice(Math.max(0, end - 7), end);
    return Math.round((span.reduce((sum, value) => sum + value, 0) / span.length) * 10) / 10;
  });
}

function sumUp(values) {
  let sum = 0;
  return values.map((value) => (value === null ? null : (sum += value)));
}

function describeTrend(answer) {
  const { trend, trend_before: before } = answer;
  const days = trend.map(sayPoint);
  const mqls = trend.map((point) => point.mqls);
  const aligned = alignBefore(trend, before, "mqls");
  const isDaily = trend.every((point) => point.first === point.last) && trend.length >= 14;
  const mean = isDaily ? smooth(mqls, before.map((point) => point.mqls)) : null;
  const mqlsBefore = isDaily ? smooth(aligned.map((value) => value ?? 0)) : aligned;
  const line = { type: "line", symbol: "none", smooth: isDaily ? 0.3 : false };
  return {
    title: say("trend"),
    summary: say("trend.summary", { mqls: answer.now.mqls, before: answer.before.mqls, sqls: answer.now.sqls }),
    option: (colours) => ({
      legend: {},
      xAxis: { type: "category", data: days },
      yAxis: { type: "value", minInterval: 1 },
      series: [
        { type: "bar", name: say("figure.mqls"), data: mqls, itemStyle: { color: colours.series[0], opacity: mean ? 0.45 : 1, borderRadius: [2, 2, 0, 0] }, barGap: "0%", barMaxWidth: 18 },
        { type: "bar", name: say("figure.sqls"), data: trend.map((point) => point.sqls), itemStyle: { color: colours.series[1], borderRadius: [2, 2, 0, 0] }, barMaxWidth: 18 },
        ...(mean ? [{ ...line, name: say("trend.mean"), data: mean, lineStyle: { width: 2.5, color: colours.series[0] }, itemStyle: { color: colours.series[0] } }] : []),
        { ...line, name: mean ? say("trend.before.mean") : say("trend.before"), data: mqlsBefore, lineStyle: { type: "dashed", width: 1.5, color: colours.muted }, itemStyle: { color: colours.muted } },
      ],
    }),
    table: {
      columns: [
        { key: "last", label: say("day"), value: (row) => row.last, show: sayPoint },
        { key: "mqls", label: say("figure.mqls"), kind: "number" },
        { key: "sqls", label: say("figure.sqls"), kind: "number" },
        { key: "mqls_before", label: say("trend.before"), kind: "number" },
      ],
      rows: trend.map((point, index) => ({ ...point, mqls_before: aligned[index] })),
    },
  };
}

function describeValue(answer) {
  const { trend, trend_before: before } = answer;
  const won = sumUp(trend.map((point) => point.value));
  const wonBefore = sumUp(alignBefore(trend, before, "value"));
  return {
    title: say("won"),
    summary: say("won.summary", { value: formatMoney(answer.now.value), before: formatMoney(answer.before.value) }),
    option: (colours) => ({
      legend: {},
      xAxis: { type: "category", data: trend.map(sayPoint), boundaryGap: false },
      yAxis: { type: "value" },
      tooltip: { valueFormatter: (value) => formatMoney(value) },
      series: [
        { type: "line", name: say("won.now"), data: won, symbol: "none", lineStyle: { width: 2.5, color: colours.good }, itemStyle: { color: colours.good }, areaStyle: { color: colours.good, opacity: 0.12 } },
        { type: "line", name: say("won.before"), data: wonBefore, symbol: "none", lineStyle: { type: "dashed", width: 1.5, color: colours.muted }, itemStyle: { color: colours.muted } },
      ],
    }),
    table: {
      columns: [
        { key: "last", label: say("day"), value: (row) => row.last, show: sayPoint },
        { key: "wons", label: say("figure.wons"), kind: "number" },
        { key: "value", label: say("figure.value"), kind: "money" },
        { key: "sum", label: say("won.now"), kind: "money" },
        { key: "sum_before", label: say("won.before"), kind: "money" },
      ],
      rows: trend.map((point, index) => ({ ...point, sum: won[index], sum_before: wonBefore[index] })),
    },
  };
}

function describeColumns(by, days, hasApart, hasLeftOut) {
  const number = (key, kind = "number", of = key) => ({
    key,
    label: say(`column.${key}`),
    kind,
    show: (row) => {
      const text = kind === "percent" ? formatPercent(row[key]) : kind === "money" ? formatMoney(row[key]) : formatNumber(row[key]);
      const only = row.isTotal ? {} : { [by]: row.key };
      return row[key] ? h("a", { href: rowsAddress(of, days, only) }, text) : text;
    },
  });
  return [
    { key: "label", label: say(`by.${by}`), show: (row) => (row.isTotal ? say("total") : row.label ?? say(`none.${by}`)) },
    ...(by === "rep" ? [] : [number("leads")]),
    number("mqls"),
    number("sals"),
    number("sqls"),
    number("sql_rate", "percent", "sqls"),
    number("wons"),
    number("losts"),
    number("value", "money", "wons"),
    ...(hasApart ? [number("mqls_apart")] : []),
    ...(hasLeftOut ? [number("left_out")] : []),
  ];
}

startPage("funnel", async (page) => {
  const asked = new URLSearchParams(window.location.search);
  const query = {
    ...readPeriod(),
    by: GROUPINGS.includes(asked.get("by")) ? asked.get("by") : "campaign",
    q: asked.get("q") || "",
    sort: asked.get("sort") || "mqls",
    desc: asked.get("desc") !== "false",
    page: Number(asked.get("page")) || 1,
  };
  const period = h("div");
  const summary = h("div", { class: "section" });
  const figures = h("div");
  const trend = h("section", { class: "card" });
  const won = h("section", { class: "card" });
  const field = h("section", { class: "card" });
  const view = h("div", { class: "page" });
  page.append(period, view);
  const charts = {};
  let running = null;

  async function load(change = {}) {
    Object.assign(query, change);
    keepInAddress({ ...query, by: query.by === "campaign" ? "" : query.by, sort: query.sort === "mqls" ? "" : query.sort, desc: query.desc ? "" : "false", page: query.page > 1 ? query.page : "" });
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    await present(view, { load: () => fetchJson("api/funnel", query, { signal }), draw, lines: 8 });
  }

  async function draw(answer) {
    const days = { from: answer.now.first, to: answer.now.last };
    drawPeriod(period, { ...days, change: (chosen) => load({ ...chosen, page: 1 }) });
    if (answer.now.days_built === 0) {
      showEmpty(view, say("empty", { days: sayDays(days.from, days.to) }), say("empty.hint", days));
      return;
    }
    const counted = sayCounted(answer);
    place(summary,
      h("p", { class: "headline" }, sayHeadline(answer)),
      h("p", { class: "muted small" },
        say("compared", { days: sayDays(days.from, days.to), before: sayDays(answer.before.first, answer.before.last) }),
        counted ? ` ${counted}` : ""));
    drawFigures(figures, answer);
    drawField(answer, days);
    place(view, summary, figures, h("div", { class: "columns" }, trend, won), field);
    await redraw("trend", trend, describeTrend(answer));
    await redraw("won", won, describeValue(answer));
  }

  async function redraw(name, container, description) {
    charts[name]?.dispose();
    charts[name] = await drawChart(container, description);
  }

  function drawField(answer, days) {
    const { by } = query;
    const { rows, count, totals } = answer.field;
    const tabs = h("div", { class: "segmented", role: "group", "aria-label": say("field") },
      GROUPINGS.map((name) => h("button", { type: "button", "aria-pressed": name === by ? "true" : "false", onclick: () => load({ by: name, q: "", page: 1 }) }, say(`by.${name}`))));
    const filter = h("input", { type: "search", id: "filter", value: query.q, maxlength: "200", autocomplete: "off" });
    filter.addEventListener("change", () => load({ q: filter.value, page: 1 }));
    const download = h("a", { class: "button", href: addressOf("api/funnel.csv", { ...days, by, q: query.q, sort: query.sort, desc: query.desc }), download: "" }, say("download"));
    const table = h("div");
    const pages = Math.max(1, Math.ceil(count / PAGE_ROWS));
    const turn = (label, target) => h("button", { type: "button", class: "button", onclick: () => load({ page: target }) }, label);
    const paging = pages === 1 ? null : h("div", { class: "controls" },
      query.page > 1 ? turn(say("page.before"), query.page - 1) : null,
      h("span", { class: "muted small" }, say("page.of", { page: query.page, pages, count })),
      query.page < pages ? turn(say("page.next"), query.page + 1) : null);
    drawTable(table, {
      caption: say("field"),
      columns: describeColumns(by, days, totals.mqls_apart > 0, totals.left_out > 0),
      // New leads have no salesperson: without this, "nobody" is a row of zeros.
      rows: by === "rep" ? rows.filter((row) => row.mqls || row.sals || row.sqls || row.wons || row.losts || row.left_out || row.mqls_apart) : rows,
      total: query.q ? null : { ...totals, isTotal: true },
      sortBy: { key: query.sort, descending: query.desc },
      onSort: (order) => load({ sort: order.key, desc: order.descending, page: 1 }),
      emptyText: query.q ? say("filter.none") : "",
    });
    place(field,
      h("div", { class: "head" }, h("h2", {}, say("field")), tabs),
      h("div", { class: "controls" },
        h("div", { class: "field" }, h("label", { for: "filter" }, say("filter")), filter),
        download),
      table, paging);
  }

  await load();
});

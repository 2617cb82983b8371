// The page Response times: box plots by salesperson, campaign and hour, and the answers that took far longer.
import { drawChart } from "../charts.js";
import { h, place } from "../dom.js";
import { addressOf, fetchJson } from "../fetch_json.js";
import { formatNumber, formatSpan, formatTime, NOTHING } from "../format.js";
import { drawPeriod, keepInAddress, readPeriod } from "../period.js";
import { startPage } from "../shell.js";
import { present, showEmpty } from "../states.js";
import { drawTable } from "../table.js";
import { hasWords, language, say } from "../words.js";

const sayHour = (hour) => say("hour", { hour: String(hour).padStart(2, "0") });
/** Minutes at which the axis has a line: 1, 5, 15 min, 1, 2, 4, 8 h, and days and weeks of working time. */
const TICKS = [1, 5, 15, 60, 120, 240, 480, 960, 2400, 4800, 9600];
const DIMENSIONS = ["by_rep", "by_campaign", "by_hour"];
const span = (minutes) => (minutes === null ? NOTHING : formatSpan(minutes * 60));

startPage("response_times", (page) => {
  const controls = h("div");
  const content = h("div", { class: "page" });
  page.append(controls, content);
  let asked = readPeriod();
  let dimension = new URLSearchParams(window.location.search).get("by") || "by_rep";
  if (!DIMENSIONS.includes(dimension)) dimension = "by_rep";
  let chart = null;

  async function show(period) {
    asked = period;
    keepInAddress(period);
    content.replaceChildren();
    await present(content, { load: () => fetchJson("api/response-times", period), draw, lines: 8 });
  }

  function draw(answer) {
    drawPeriod(controls, { from: answer.first, to: answer.last, change: show });
    if (answer.whole.mqls === 0) return showEmpty(content, say("none"), say("none.hint"));
    const body = h("div", { class: "page" });
    place(content, drawWhole(answer), body);
    return drawBreakdown(body, answer);
  }

  function drawWhole(answer) {
    const { whole } = answer;
    const isLate = whole.median !== null && whole.median > answer.target_minutes;
    const figure = (label, value, note, kind = "") => h("div", { class: "card figure" }, h("span", { class: "label" }, label),
      h("span", { class: `value ${kind}` }, value), h("span", { class: "note" }, note));
    return h("div", { class: "section" },
      h("div", { class: "grid" },
        figure(say("median"), span(whole.median), say("target", { time: span(answer.target_minutes) }), isLate ? "down" : ""),
        figure(say("answered"), formatNumber(whole.answered), say("answered.note", { count: whole.mqls })),
        figure(say("open"), formatNumber(whole.open), say("open.note")),
        figure(say("half"), whole.q1 === null ? NOTHING : say("half.value", { low: span(whole.q1), high: span(whole.q3) }), say("half.note"))),
      h("p", { class: "muted" }, answer.sentences[language].join(" ")));
  }

  async function drawBreakdown(container, answer) {
    const picture = h("div");
    const note = h("p", { class: "muted small" }, say("axis"));
    const far = h("div", { class: "card" });
    const buttons = DIMENSIONS.map((name) => h("button", {
      type: "button",
      "aria-pressed": name === dimension ? "true" : "false",
      onclick() {
        dimension = name;
        keepInAddress({ by: name === "by_rep" ? "" : name });
        drawBreakdown(container, answer);
      },
    }, say(`tab.${name}`)));
    place(container, h("div", { class: "segmented", role: "group", "aria-label": say("tabs") }, buttons), h("section", { class: "card" }, picture, note), far);
    const breakdown = answer[dimension];
    const labels = breakdown.boxes.map((box) => sayLabel(box));
    drawOutliers(far, breakdown, labels);
    if (chart) chart.dispose();
    chart = await drawBoxes(picture, answer, breakdown, labels);
  }

  function sayLabel(box) {
    if (box.others) return say("others", { count: box.others });
    if (box.key === null) return say(`nobody.${dimension}`);
    if (dimension === "by_hour") return sayHour(box.key);
    return box.name || box.key;
  }

  function drawBoxes(container, answer, breakdown, labels) {
    const { boxes } = breakdown;
    const isHour = dimension === "by_hour";
    const hasBox = (box) => box.answered >= answer.min_answers && box.q1 !== null;
    const few = boxes.map((box, index) => [box, index]).filter(([box]) => box.answered > 0 && !hasBox(box));
    const option = (colours) => {
      const names = { type: "category", data: isHour ? Array.from({ length: 24 }, (_, hour) => sayHour(hour)) : labels, axisLabel: isHour ? {} : { width: 110, overflow: "truncate", interval: 0 } };
      const values = { type: "log", min: 1, axisTick: { customValues: TICKS },
        axisLabel: { customValues: TICKS, formatter: (minutes) => span(minutes) } };
      const place = (index) => (isHour ? Number(boxes[index].key) : index);
      const at = (index, minutes) => (isHour ? [place(index), Math.max(minutes, 1)] : [Math.max(minutes, 1), index]);
      const drawn = boxes.map((box, index) => ({ box, index })).filter(({ box }) => hasBox(box));
      const target = { symbol: "none", silent: true, lineStyle: { color: colours.warn, type: "dashed" }, label: { show: false },
        data: [isHour ? { yAxis: answer.target_minutes } : { xAxis: answer.target_minutes }] };
      return {
        xAxis: isHour ? names : values,
        yAxis: isHour ? values : { ...names, inverse: true },
        tooltip: { trigger: "item" },
        series: [
          {
            type: "boxplot",
            layout: isHour ? "horizontal" : "vertical",
            boxWidth: [6, 22],
            itemStyle: { color: colours.surface, borderColor: colours.series[0], borderWidth: 1.5 },
            data: names.data.map((_, index) => {
              const found = drawn.find((one) => place(one.index) === index);
              return found ? [found.box.low, found.box.q1, found.box.median, found.box.q3, found.box.high].map((minutes) => Math.max(minutes, 1)) : [];
            }),
            markLine: target,
            tooltip: { formatter: (point) => {
              const found = drawn.find((one) => place(one.index) === point.dataIndex);
              return found ? describe(found.box, labels[found.index]) : "";
            } },
          },
          {
            type: "scatter",
            symbolSize: 7,
            itemStyle: { color: colours.series[2], opacity: 0.75 },
            data: breakdown.outliers.map((outlier) => ({ value: at(outlier.group, outlier.minutes), lead: outlier.lead_id,
              say: `${say("lead", { lead: String(outlier.lead_id) })}\n${span(outlier.minutes)} · ${sayCause(outlier)}` })),
            tooltip: { formatter: (point) => point.data.say },
          },
          {
            type: "scatter",
            symbol: "diamond",
            symbolSize: 9,
            itemStyle: { color: colours.series[0] },
            data: few.map(([box, index]) => ({ value: at(index, box.median), say: describe(box, labels[index]) })),
            tooltip: { formatter: (point) => point.data.say },
          },
        ],
      };
    };
    const columns = [
      { key: "label", label: say(`column.${dimension}`) },
      { key: "mqls", label: say("column.mqls"), kind: "number" },
      { key: "answered", label: say("answered"), kind: "number" },
      { key: "open", label: say("open"), kind: "number" },
      ...["low", "q1", "median", "q3", "high"].map((key) => ({ key, label: say(`column.${key}`), kind: "number", show: (row) => span(row[key]) })),
    ];
    const rows = boxes.map((box, index) => ({ ...box, label: labels[index] }));
    return drawChart(container, {
      title: say(`title.${dimension}`),
      summary: say("summary", { title: say(`title.${dimension}`), count: boxes.length, median: span(answer.whole.median) }),
      option,
      table: { columns, rows, sortable: true },
      height: isHour ? 320 : Math.max(160, 76 + boxes.length * 34),
    }).then((drawn) => {
      drawn.on("click", (point) => {
        if (point.data && point.data.lead) window.location.assign(addressOf(`leads/${point.data.lead}`));
      });
      return drawn;
    });
  }

  function describe(box, label) {
    return [
      label,
      say("box.answers", { answered: box.answered, mqls: box.mqls }),
      say("box.median", { time: span(box.median) }),
      say("box.half", { low: span(box.q1), high: span(box.q3) }),
    ].join("\n");
  }

  function sayCause(outlier) {
    const cause = outlier.cause && hasWords(`cause.${outlier.cause}`) ? say(`cause.${outlier.cause}`) : say("cause.unknown");
    return outlier.moves ? `${cause}${say("list.comma")}${say("cause.moved", { count: outlier.moves })}` : cause;
  }

  function drawOutliers(container, breakdown, labels) {
    const head = h("div", { class: "head" }, h("h2", {}, say("outliers")), h("p", { class: "muted small" }, say("outliers.hint")));
    if (breakdown.outliers.length === 0) {
      const empty = h("div");
      showEmpty(empty, say("outliers.none"));
      place(container, head, empty);
      return;
    }
    const causes = new Map();
    for (const outlier of breakdown.outliers) {
      const text = sayCause({ ...outlier, moves: 0 });
      causes.set(text, (causes.get(text) || 0) + 1);
    }
    const chips = [...causes].sort((one, other) => other[1] - one[1])
      .map(([text, count]) => h("span", { class: "chip" }, say("cause.count", { cause: text, count })));
    const table = h("div");
    drawTable(table, {
      caption: say("outliers"),
      sortBy: { key: "minutes", descending: true },
      columns: [
        { key: "lead_id", label: say("column.lead"), show: (row) => h("a", { href: addressOf(`leads/${row.lead_id}`) }, say("lead", { lead: String(row.lead_id) })) },
        { key: "group", label: say(`column.${dimension}`), value: (row) => labels[row.group] },
        { key: "cause", label: say("column.cause"), value: (row) => sayCause(row) },
        { key: "minutes", label: say("column.minutes"), kind: "number", show: (row) => span(row.minutes) },
        { key: "wall_minutes", label: say("column.wall"), kind: "number", show: (row) => span(row.wall_minutes) },
        { key: "mql_at", label: say("column.mql_at"), show: (row) => formatTime(row.mql_at) },
      ],
      rows: breakdown.outliers,
    });
    place(container, head, h("div", { class: "chips" }, chips), table,
      breakdown.more_outliers ? h("p", { class: "muted small" }, say("outliers.more", { count: breakdown.more_outliers })) : null);
  }

  show(asked);
});

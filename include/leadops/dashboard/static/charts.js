// Charts with Apache ECharts, each with its numbers as a table.
import { h, place } from "./dom.js";
import { language, say } from "./words.js";
import { onThemeChange, readColour } from "./theme.js";
import { drawTable } from "./table.js";
import { formatShort } from "./format.js";

let library = null;

/** Load ECharts once, when the first chart is drawn. */
function loadLibrary() {
  library ??= import("./vendor/echarts.min.js");
  return library;
}

/** Return the colours of the theme: text, muted, line, surface, accent, good, warn, bad, and series (8). */
export function readColours() {
  const names = ["text", "muted", "line", "surface", "accent", "good", "warn", "bad"];
  const colours = Object.fromEntries(names.map((name) => [name, readColour(name)]));
  colours.series = Array.from({ length: 8 }, (_, index) => readColour(`series-${index + 1}`));
  return colours;
}

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

function styleAxis(axis, colours) {
  const isValue = axis.type === "value" || axis.type === "log";
  return {
    ...axis,
    nameTextStyle: { color: colours.muted, ...axis.nameTextStyle },
    axisLine: { lineStyle: { color: colours.line }, ...axis.axisLine },
    axisTick: { show: false, ...axis.axisTick },
    axisLabel: {
      color: colours.muted,
      hideOverlap: true,
      ...(isValue ? { formatter: formatShort } : {}),
      ...axis.axisLabel,
    },
    splitLine: { show: isValue, lineStyle: { color: colours.line }, ...axis.splitLine },
  };
}

function styleOption(option, colours) {
  const axes = (axis) => (Array.isArray(axis) ? axis.map((one) => styleAxis(one, colours)) : styleAxis(axis, colours));
  return {
    color: colours.series,
    animationDuration: 250,
    animation: !calm.matches,
    ...option,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colours.text, ...option.textStyle },
    grid: { left: 8, right: 16, top: option.legend ? 40 : 16, bottom: 8, containLabel: true, ...option.grid },
    ...(option.legend
      ? { legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8, type: "scroll", ...option.legend,
          textStyle: { color: colours.muted, ...option.legend.textStyle } } }
      : {}),
    ...(option.xAxis ? { xAxis: axes(option.xAxis) } : {}),
    ...(option.yAxis ? { yAxis: axes(option.yAxis) } : {}),
    // Drawn on the canvas: a tooltip of HTML needs inline styles, and would read names from outside as HTML.
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 },
      axisPointer: { lineStyle: { color: colours.muted }, label: { backgroundColor: colours.muted } },
      ...option.tooltip,
      renderMode: "richText",
    },
  };
}

/**
 * Draw a chart into `container`.
 *
 * `option` is one of ECharts or a function of the theme's colours (readColours) that returns one; `table` is
 * {columns, rows} of table.js with the same numbers; `title` is shown, `summary` (default: the title) is what a
 * screen reader says of the picture. Returns {update({option, table, summary}), dispose(), on(event, handler)}.
 */
export async function drawChart(container, { title, option, table, summary = "", height = 280 }) {
  const canvas = h("div", { class: "canvas", role: "img", "aria-label": summary || title });
  canvas.style.height = `${height}px`;
  const numbers = h("div");
  const details = h("details", {}, h("summary", {}, say("chart.table")), numbers);
  place(container, h("figure", { class: "chart" }, h("figcaption", {}, title), canvas, details));
  const drawn = drawTable(numbers, { caption: title, ...table });
  const echarts = await loadLibrary();
  const chart = echarts.init(canvas, null, { renderer: "canvas", locale: language === "ja" ? "JA" : "EN" });
  let current = option;
  const draw = (isUpdate) => {
    const colours = readColours();
    const wanted = typeof current === "function" ? current(colours) : current;
    chart.setOption(
      { ...styleOption(wanted, colours), ...(isUpdate ? { animation: false } : {}) },
      { replaceMerge: isUpdate ? ["series"] : [] },
    );
  };
  draw(false);
  const endTheme = onThemeChange(() => draw(true));
  const observer = new ResizeObserver(() => chart.resize());
  observer.observe(canvas);
  return {
    update(change) {
      if (change.option) current = change.option;
      if (change.summary) canvas.setAttribute("aria-label", change.summary);
      if (change.table) drawn.update(change.table.rows);
      draw(true);
    },
    on: (event, handler) => chart.on(event, handler),
    dispose() {
      endTheme();
      observer.disconnect();
      chart.dispose();
    },
  };
}

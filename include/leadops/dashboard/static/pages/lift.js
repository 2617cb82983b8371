// What nurture programmes add to the rate of SQLs: a part of the page Attribution and economics.
import { h, place } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { NOTHING, formatDay } from "../format.js";
import { present } from "../states.js";
import { drawTable } from "../table.js";
import { language, say } from "../words.js";

const points = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
const showPoints = (share) => points.format(share * 100);

function showDifference(row) {
  if (row.difference === null) return NOTHING;
  return `${showPoints(row.difference)} (${say("lift.interval", { low: showPoints(row.difference_low), high: showPoints(row.difference_high) })})`;
}

/** Say what the numbers mean; while nobody became SQL, what is missing is a lower bound. */
function sayVerdict(row) {
  if (row.verdict !== "too_early" || !row.people_missing) return say(`verdict.${row.verdict}`);
  const count = row.people_missing;
  return row.member_sqls + row.held_out_sqls ? say("lift.more", { count }) : say("lift.at_least", { count });
}

function drawLift(container, answer) {
  const table = h("div");
  const [first] = answer.programmes;
  place(container,
    h("div", { class: "head" }, h("h2", {}, say("lift")), h("p", { class: "muted small" }, say("lift.day", { day: formatDay(answer.day) }))),
    table,
    h("p", { class: "muted small" }, say("lift.basis", { days: first.window_days })));
  drawTable(table, {
    caption: say("lift"),
    columns: [
      { key: "programme", label: say("lift.programme") },
      { key: "members", label: say("lift.members"), kind: "number" },
      { key: "member_rate", label: say("lift.member_rate"), kind: "percent" },
      { key: "held_out", label: say("lift.held_out"), kind: "number" },
      { key: "held_out_rate", label: say("lift.held_out_rate"), kind: "percent" },
      { key: "open_people", label: say("lift.open"), kind: "number" },
      { key: "difference", label: say("lift.difference"), kind: "number", show: showDifference },
      { key: "verdict", label: say("lift.verdict"), value: sayVerdict },
    ],
    rows: answer.programmes,
  });
}

/** Load and draw the programmes' lifts as last measured. */
export const presentLift = (container) => present(container, {
  load: () => fetchJson("api/lift"),
  isEmpty: (answer) => !answer.programmes.length,
  empty: [say("lift.none"), say("lift.none.hint")],
  draw: (answer) => drawLift(container, answer),
});

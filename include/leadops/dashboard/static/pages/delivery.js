// The page Delivery: what is on its way, what was refused for good, what the quarantines hold.
import { showCommand } from "../copy.js";
import { h, place, setText } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { whileBusy } from "../focus.js";
import { formatNumber, formatTime } from "../format.js";
import { pageAddress, startPage } from "../shell.js";
import { present, showEmpty, showFailed } from "../states.js";
import { drawTable } from "../table.js";
import { hasWords, say } from "../words.js";

/** What the address says, such as ?list=forms&reason=spam_links: links from messages begin there. */
const chosen = Object.fromEntries(new URLSearchParams(window.location.search));
const LISTS = ["letters", "events", "forms"];
const LETTER_STATES = ["open", "retried", "dropped", "applied"];
const REFUSED_STATES = ["waiting", "admitted", "dropped"];
const SPANS = ["", "1", "24", "168"];

function keepInAddress(wanted) {
  const address = new URL(window.location.href);
  for (const name of ["list", "target", "state", "reason", "hours"]) {
    if (wanted[name]) address.searchParams.set(name, wanted[name]);
    else address.searchParams.delete(name);
  }
  window.history.replaceState(null, "", address);
}

const nameOperation = (name) => (hasWords(`operation.${name}`) ? say(`operation.${name}`) : name);
const nameState = (name) => (hasWords(`state.${name}`) ? say(`state.${name}`) : name);
const nameReason = (name) => (hasWords(`reason.${name}`) ? say(`reason.${name}`) : name);

function showReason(name) {
  return h("span", {}, nameReason(name), h("br"), h("code", { class: "muted small" }, name));
}

function showCommands(commands) {
  return h("div", { class: "commands" }, commands.map(showCommand));
}

const showTime = (moment) => h("span", { class: "nowrap" }, formatTime(moment));
const sum = (rows, key) => rows.reduce((total, row) => total + row[key], 0);

function showFigure(label, count, note, kind) {
  return h("div", { class: "card figure" }, h("span", { class: "label" }, label), h("span", { class: "value" }, formatNumber(count)),
    h("span", { class: "note" }, kind && count ? h("span", { class: `chip ${kind}` }, note) : note));
}

function showFigures(answer) {
  const waiting = (counts) => sum(counts.filter((count) => count.state === "waiting"), "items");
  return h("div", { class: "grid" },
    showFigure(say("open"), sum(answer.open, "calls"), say("open.note")),
    showFigure(say("letters"), sum(answer.dead_letters, "letters"), say("letters.note"), "bad"),
    showFigure(say("events"), waiting(answer.events), say("events.note"), "warn"),
    showFigure(say("forms"), waiting(answer.forms), say("forms.note"), "warn"));
}

function listCallColumns(oldest) {
  return [
    { key: "target", label: say("target") },
    { key: "operation", label: say("operation"), value: (row) => nameOperation(row.operation) },
    { key: "state", label: say("state"), value: (row) => nameState(row.state),
      show: (row) => h("span", { class: `chip ${{ dead: "bad", done: "good" }[row.state] || ""}` }, nameState(row.state)) },
    { key: "calls", label: say("calls"), kind: "number" },
    { key: "deltas", label: say("deltas"), kind: "number" },
    { key: "attempts", label: say("attempts"), kind: "number" },
    { key: "oldest_at", label: oldest, show: (row) => showTime(row.oldest_at) },
  ];
}

function showCounts(answer) {
  const open = h("div");
  const settled = h("div");
  drawTable(open, { caption: say("open.heading"), columns: listCallColumns(say("oldest")), rows: answer.open, emptyText: say("open.none") });
  drawTable(settled, { caption: say("settled.heading"), columns: listCallColumns(say("first")), rows: answer.settled, emptyText: say("settled.none") });
  return h("div", { class: "page" },
    h("section", { class: "card" }, h("h2", {}, say("open.heading")), open),
    h("section", { class: "card" }, h("h2", {}, say("settled.heading")),
      h("p", { class: "muted small" }, say("settled.since", { time: formatTime(answer.settled_since) })), settled));
}

function makeSelect(id, label, options, value, choose) {
  const select = h("select", { id }, options.map(([name, text]) => h("option", { value: name, selected: name === value }, text)));
  select.addEventListener("change", () => choose(select.value));
  return h("div", { class: "field" }, h("label", { for: id }, label), select);
}

function listLetterColumns() {
  return [
    { key: "number", label: say("number"), kind: "number", show: (row) => String(row.number) },
    { key: "target", label: say("target") },
    { key: "kind", label: say("what"), value: (row) => say(`kind.${row.kind}`, { reference: String(row.reference) }) },
    { key: "lead_id", label: say("lead"), kind: "number",
      show: (row) => (row.lead_id === null ? "–" : h("a", { href: pageAddress(`leads/${row.lead_id}`) }, String(row.lead_id))) },
    { key: "points", label: say("points"), kind: "number" },
    { key: "since", label: say("since"), show: (row) => showTime(row.since) },
    { key: "reason", label: say("reason"), show: (row) => h("span", { lang: "en", class: "wide" }, row.reason) },
    { key: "commands", label: say("commands"), value: (row) => row.number, show: (row) => showCommands(row.commands) },
  ];
}

function listRefusedColumns(list) {
  return [
    { key: "number", label: say("number"), kind: "number", show: (row) => String(row.number) },
    { key: "received_at", label: say("received"), show: (row) => showTime(row.received_at) },
    { key: "times", label: say("times"), kind: "number" },
    ...(list === "forms" ? [{ key: "tool", label: say("tool"), value: (row) => row.tool || say("tool.none") }] : []),
    { key: "reason", label: say("reason"), value: (row) => nameReason(row.reason), show: (row) => showReason(row.reason) },
    { key: "detail", label: say("detail"), show: (row) => h("span", { lang: "en", class: "wide" }, row.detail) },
    { key: "commands", label: say("commands"), value: (row) => row.number, show: (row) => showCommands(row.commands) },
  ];
}

/** The lists below the counts: dead letters, refused events and quarantined forms, each page by page. */
function makeLists(container, answer) {
  let wanted = { list: LISTS.includes(chosen.list) ? chosen.list : "letters", target: chosen.target, state: chosen.state,
    reason: chosen.reason, hours: chosen.hours };
  const tabs = h("div", { class: "segmented", role: "group", "aria-label": say("lists") });
  const filters = h("div", { class: "controls" });
  const hint = h("p", { class: "muted small" });
  const box = h("div");
  place(container, h("section", { class: "card" }, h("div", { class: "head" }, h("h2", {}, say("lists")), tabs), filters, hint, box));
  let turn = 0;

  const choose = (change) => {
    wanted = { ...wanted, ...change };
    load();
  };
  const buttons = LISTS.map((list) => h("button", { type: "button",
    onclick: () => choose({ list, target: "", state: "", reason: "", hours: "" }) }, say(`list.${list}`)));
  tabs.append(...buttons);

  function drawFilters() {
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(LISTS[index] === wanted.list)));
    const isLetters = wanted.list === "letters";
    const states = isLetters ? LETTER_STATES : REFUSED_STATES;
    if (!states.includes(wanted.state)) wanted.state = states[0];
    if (!SPANS.includes(wanted.hours || "")) wanted.hours = "";
    const state = makeSelect("filter-state", say("state"), states.map((name) => [name, nameState(name)]), wanted.state, (value) => choose({ state: value }));
    if (isLetters) {
      const targets = [...new Set([...answer.dead_letters.map((count) => count.target), wanted.target].filter(Boolean))];
      place(filters, makeSelect("filter-target", say("target"), [["", say("all")], ...targets.map((name) => [name, name])], wanted.target || "",
        (value) => choose({ target: value })), state);
    } else {
      const reasons = [...new Set([...answer[wanted.list].map((count) => count.reason), wanted.reason].filter(Boolean))].sort();
      place(filters,
        makeSelect("filter-reason", say("reason"), [["", say("all")], ...reasons.map((name) => [name, describeReason(name)])], wanted.reason || "",
          (value) => choose({ reason: value })),
        state,
        makeSelect("filter-hours", say("received"), SPANS.map((hours) => [hours, say(`hours.${hours || "all"}`)]), wanted.hours || "",
          (value) => choose({ hours: value })));
    }
    setText(hint, say(`hint.${wanted.list}`));
  }

  function describeReason(name) {
    const count = answer[wanted.list].find((one) => one.reason === name && one.state === wanted.state);
    return say("reason.count", { reason: nameReason(name), items: count ? count.items : 0 });
  }

  function ask(more) {
    const { list, target, state, reason, hours } = wanted;
    return list === "letters"
      ? fetchJson("api/delivery/dead-letters", { target, state, after: more })
      : fetchJson(`api/delivery/quarantine/${list}`, { reason, state, hours, before: more });
  }

  async function load() {
    const mine = ++turn;
    drawFilters();
    keepInAddress(wanted);
    const { list } = wanted;
    place(box);
    let rows = [];
    await present(box, {
      load: () => ask(null),
      isEmpty: (page) => page.rows.length === 0,
      empty: [say(`none.${list}`), ""],
      draw(page) {
        if (mine !== turn) return;
        const tableBox = h("div");
        const faults = h("div");
        const button = h("button", { type: "button", class: "button" }, say("more"));
        place(box, tableBox, faults, button);
        rows = page.rows;
        let next = page.next;
        button.hidden = next === null;
        const table = drawTable(tableBox, { caption: say(`list.${list}`), columns: list === "letters" ? listLetterColumns() : listRefusedColumns(list), rows });
        button.addEventListener("click", () => whileBusy(button, async () => {
          try {
            const following = await ask(next);
            rows = [...rows, ...following.rows];
            next = following.next;
            table.update(rows);
            place(faults);
          } catch (error) {
            showFailed(faults, error);
          }
          button.hidden = next === null;
        }, box));
      },
    });
  }
  return load();
}

startPage("delivery", (page) => {
  const content = h("div", { class: "page" });
  page.append(content);
  return present(content, {
    load: () => fetchJson("api/delivery"),
    lines: 8,
    async draw(answer) {
      const lists = h("div");
      place(content, showFigures(answer), showCounts(answer), lists);
      await makeLists(lists, answer);
    },
  });
});

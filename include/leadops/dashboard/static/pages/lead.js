// The page of a lead: how it stands, what would make it MQL, and what happened to it, the latest first.
import { h, link, place } from "../dom.js";
import { fetchJson } from "../fetch_json.js";
import { whileBusy } from "../focus.js";
import { formatDay, formatNumber, formatSpan, formatTime, NOTHING, secondsSince } from "../format.js";
import { drawSearchBox } from "../search_box.js";
import { seesPeople, startPage } from "../shell.js";
import { present } from "../states.js";
import { dayOf, timeOf } from "../local_days.js";
import { hasWords, loadWords, say } from "../words.js";
import { drawItem, sayReason, sign, useLabels } from "./timeline.js";

const leadId = decodeURIComponent(window.location.pathname.replace(/\/+$/, "").split("/").pop());

/** What of the timeline belongs to which choice of the reader. */
const VIEWS = {
  all: null,
  acts: ["event", "points", "identity", "created"],
  sales: ["stage", "assignment", "clock", "activity"],
  systems: ["call"],
};

startPage("lead", async (page) => {
  await loadWords("timeline");
  const box = h("div");
  const body = h("div", { class: "page" });
  const search = { label: say("search.label"), button: say("search.button") };
  drawSearchBox(box, { words: search });
  page.append(body, h("section", { class: "card" }, box));
  const load = async () => fetchJson(`api/leads/${encodeURIComponent(leadId)}`);
  await present(body, { load, draw: (answer) => draw(body, answer), lines: 8 });
});

function draw(container, answer) {
  useLabels(answer.rule_labels);
  const name = answer.is_erased ? say("erased") : answer.email || say("unknown");
  document.title = `${say("lead.number", { number: String(answer.lead_id) })} · Lead ops`;
  place(container,
    h("section", { class: "card lead-head" },
      h("div", { class: "head" },
        h("div", {},
          h("h2", { class: "lead-name" }, name),
          h("p", { class: "muted" }, sayWho(answer))),
        h("div", { class: "chips" }, drawChips(answer))),
      drawNotes(answer)),
    drawFigures(answer),
    h("div", { class: "columns lead-columns" }, drawOutlook(answer), drawReasons(answer)),
    drawTimeline(answer));
}

function sayWho(answer) {
  const traits = answer.traits;
  const parts = [
    say("lead.number", { number: String(answer.lead_id) }),
    traits.title, traits.company || answer.domain, traits.industry,
    traits.employees ? say("employees", { number: traits.employees }) : "", traits.country,
  ];
  return parts.filter(Boolean).join(" · ");
}

function drawChips(answer) {
  const chips = [];
  if (answer.stage) {
    const kind = answer.stage.stage === "lost" ? "" : answer.stage.stage === "won" ? "good" : "accent";
    chips.push(h("span", { class: `chip ${kind}` },
      say("stage.since", { stage: say(`stage.${answer.stage.stage}`), day: formatDay(dayOf(answer.stage.occurred_at)) })));
  }
  for (const clock of answer.clocks) {
    const kind = clock.state === "breached" ? "bad" : clock.state === "at_risk" || clock.state === "held" ? "warn" : "";
    const left = -secondsSince(clock.due_at, new Date(answer.as_of));
    const time = formatSpan(Math.abs(left));
    chips.push(h("span", { class: `chip ${kind}` },
      say(`clock.${left >= 0 ? "left" : "over"}`, { clock: say(`clock.${clock.clock}`), time })));
  }
  return chips;
}

function drawNotes(answer) {
  const notes = [];
  const { lead_id: own, asked_lead_id: asked, members } = answer;
  if (asked !== own) notes.push(say("note.joined", { asked: String(asked), lead: String(own) }));
  if (members.length > 1) notes.push(say("note.members", { leads: members.map(String).join(", ") }));
  if (answer.uncounted) notes.push(say("note.uncounted", { entry: answer.is_masked ? answer.uncounted.reason : answer.uncounted.entry }));
  if (answer.only_claimed) notes.push(say("note.only_claimed"));
  if (!answer.score.agrees) notes.push(say("note.disagrees"));
  if (!seesPeople) notes.push(say("note.masked"));
  const ids = Object.entries(answer.ids).filter(([, id]) => id).map(([system, id]) =>
    h("span", {}, `${say(`id.${system}`)}: `, system === "crm" && answer.crm_link ? link(answer.crm_link, id, { rel: "noreferrer", target: "_blank" }) : id));
  return h("div", { class: "lead-notes small muted" },
    notes.map((note) => h("p", {}, note)),
    ids.length ? h("p", { class: "ids" }, ids) : null);
}

function drawFigure(label, value, note) {
  return h("div", { class: "card figure" }, h("span", { class: "label" }, label), h("span", { class: "value" }, value),
    h("span", { class: "note" }, note));
}

function drawFigures(answer) {
  const { score, outlook } = answer;
  const needs = (points) => say("figure.needed", { needed: formatNumber(points) });
  const bounded = score.shown === score.total ? say("figure.grade", { grade: score.grade })
    : say("figure.grade_raw", { grade: score.grade, total: formatNumber(score.total) });
  return h("div", { class: "grid dense" },
    drawFigure(say("figure.score"), formatNumber(score.shown), bounded),
    drawFigure(say("figure.fit"), formatNumber(score.fit), needs(outlook.needs.fit)),
    drawFigure(say("figure.behaviour"), formatNumber(score.behaviour), needs(outlook.needs.behaviour)),
    score.model ? drawFigure(say("figure.model"), sign(score.model), say("figure.model.note")) : null,
    drawFigure(say("figure.owner"), sayOwner(answer), answer.place ? say("figure.owner.since", { time: formatTime(answer.place.since) }) : say("figure.owner.none")));
}

function sayOwner(answer) {
  const { place: where } = answer;
  if (!where) return NOTHING;
  if (where.state === "queued") return say("owner.queue", { queue: where.queue || "" });
  return answer.rep_name || where.rep_id || NOTHING;
}

function drawOutlook(answer) {
  const { outlook } = answer;
  const [title, hint] = sayOutlook(answer);
  const ways = outlook.ways.map((way) => h("li", {},
    way.flatMap((act, index) => [
      index ? h("strong", {}, ` ${say("way.and")} `) : null,
      sayAct(act),
      " ",
      h("span", { class: "points good" }, sign(act.points)),
    ])));
  return h("section", { class: `card outlook ${outlook.state}` },
    h("h2", {}, title),
    hint ? h("p", { class: "muted" }, hint) : null,
    ways.length ? h("ul", { class: "ways" }, ways) : null,
    outlook.more_ways ? h("p", { class: "small muted" }, say("ways.more", { count: outlook.more_ways })) : null,
    outlook.decays_on ? h("p", { class: "small muted" }, say("ways.decay", { day: formatDay(outlook.decays_on) })) : null);
}

function sayOutlook(answer) {
  const { outlook } = answer;
  const count = answer.missing_points;
  const parts = ["fit", "behaviour"].filter((name) => outlook.missing[name])
    .map((name) => say(`missing.${name}`, { points: outlook.missing[name] }));
  if (outlook.missing.total > outlook.missing.fit + outlook.missing.behaviour) {
    parts.push(say("missing.total", { points: outlook.missing.total }));
  }
  const missing = parts.join(say("list.comma"));
  const title = outlook.is_again ? say("outlook.again", { count }) : say("outlook.missing", { count });
  switch (outlook.state) {
    case "mql": return [say("outlook.mql"), outlook.since ? say("outlook.mql.since", { time: formatTime(outlook.since) }) : ""];
    case "passes": return [say("outlook.passes"), say("outlook.passes.hint")];
    case "waiting": return [say("outlook.waiting"), say(`waiting.${outlook.because}`)];
    case "blocked": return [say("outlook.blocked"), say(`blocked.${outlook.because}`)];
    case "one_step": return [title, say("outlook.one_step", { missing })];
    case "two_steps": return [title, say("outlook.two_steps", { missing })];
    case "many_acts": return [title, say("outlook.many_acts", { missing, lead: String(answer.lead_id) })];
    default: return [title, say("outlook.far", { missing })];
  }
}

function sayAct(act) {
  if (act.kind === "fact") {
    return say("way.fact", { trait: say(`trait.${act.subject}`), value: String(act.example[act.subject]) });
  }
  const name = hasWords(`act.${act.subject}`) ? say(`act.${act.subject}`) : say("way.act", { event: act.subject });
  const said = [];
  if (act.example.context.page) said.push(act.example.context.page);
  for (const [key, value] of Object.entries(act.example.properties)) said.push(`${key} ${value}`);
  return said.length ? say("way.with", { act: name, details: said.join(say("list.comma")) }) : name;
}

function drawReasons(answer) {
  if (answer.best.length === 0) return null;
  const most = answer.best[0].points;
  const rows = answer.best.map((rule) => {
    const bar = h("span", { class: "bar-fill" });
    bar.style.width = formatWidth(rule.points / most);
    return h("li", {}, h("span", { class: "rule" }, sayReason(rule.rule)), h("span", { class: "bar-line", "aria-hidden": "true" }, bar),
      h("span", { class: "points good" }, sign(rule.points)));
  });
  return h("section", { class: "card" }, h("h2", {}, say("reasons")), h("ul", { class: "reasons" }, rows));
}

function formatWidth(share) {
  return `${Math.max(2, Math.round(share * 100))}%`;
}

function drawTimeline(answer) {
  const list = h("ol", { class: "timeline" });
  const status = h("p", { class: "muted small", role: "status" });
  const more = h("button", { type: "button", class: "button", hidden: true }, say("timeline.more"));
  const failed = h("div");
  let items = answer.timeline.items;
  let { next } = answer.timeline;
  let view = "all";

  function drawList() {
    const kinds = VIEWS[view];
    const shown = kinds ? items.filter((item) => kinds.includes(item.kind)) : items;
    const groups = [];
    for (const item of shown) {
      const day = dayOf(item.at);
      if (!groups.length || groups[groups.length - 1].day !== day) groups.push({ day, items: [] });
      groups[groups.length - 1].items.push(item);
    }
    place(list, groups.map((group) => h("li", { class: "day" },
      h("h3", {}, formatDay(group.day)),
      h("ol", {}, group.items.map((item) => h("li", { class: `item is-${item.kind}` },
        h("time", { datetime: item.at }, timeOf(item.at)), drawItem(item, answer)))))));
    more.hidden = !next;
    const end = answer.timeline.acts_bound ? say("timeline.bound", { count: answer.timeline.acts_bound }) : say("timeline.end");
    const text = shown.length === 0 ? say("timeline.none") : next ? "" : end;
    status.textContent = text;
  }

  more.addEventListener("click", () => whileBusy(more, () => present(failed, {
    load: () => fetchJson(`api/leads/${answer.asked_lead_id}/timeline`, { after: next }),
    draw(page) {
      place(failed);
      items = [...items, ...page.items];
      next = page.next;
      drawList();
    },
    lines: 2,
  }), list));

  const buttons = Object.keys(VIEWS).map((name) => h("button", {
    type: "button",
    "aria-pressed": name === view ? "true" : "false",
    onclick() {
      view = name;
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", Object.keys(VIEWS)[index] === view ? "true" : "false"));
      drawList();
    },
  }, say(`view.${name}`)));
  drawList();
  return h("section", { class: "card" },
    h("div", { class: "head" }, h("h2", {}, say("timeline")),
      h("div", { class: "segmented", role: "group", "aria-label": say("timeline.view") }, buttons)),
    list, status, failed, more);
}


// One item of a lead's timeline in words: what happened first, why and with what result below it.
import { h } from "../dom.js";
import { formatDay, formatNumber, formatSpan, formatTime } from "../format.js";
import { dayOf } from "../local_days.js";
import { language, say } from "../words.js";

/** 15 → "+15", -3 → "−3". */
export function sign(points) {
  return points > 0 ? `+${formatNumber(points)}` : `−${formatNumber(Math.abs(points))}`;
}

let ruleLabels = {};

/** Let rules be called by these labels from now on: by rule and language. */
export function useLabels(labels) {
  ruleLabels = labels;
}

/** Return what a rule is called: its label, or its own name, readable. */
export function sayReason(rule) {
  const labels = Object.hasOwn(ruleLabels, rule) ? ruleLabels[rule] : {};
  return labels[language] || String(rule).replaceAll("_", " ");
}

/** Return `text`, what say() gave for `value`, or the value itself, readable, where there are no words for it. */
function orPlain(text, value) {
  return text === `${text.split(".", 1)[0]}.${value}` ? String(value).replaceAll("_", " ") : text;
}

const DRAW = { event, points, identity, stage, assignment, clock, activity, consent, call, created };

/** Return the node of an item of the timeline; `answer` is that of the lead's page. */
export function drawItem(item, answer) {
  return DRAW[item.kind](item.facts, item, answer);
}

function entry(title, { lines = [], points = [], chips = [], details = null, struck = false } = {}) {
  return h("div", { class: "entry" },
    h("div", { class: "entry-head" },
      struck ? h("s", { class: "entry-title" }, title) : h("span", { class: "entry-title" }, title),
      chips, points),
    lines.filter(Boolean).map((line) => h("p", { class: "small muted" }, line)),
    details);
}

function chip(text, kind = "") {
  return h("span", { class: `chip ${kind}` }, text);
}

function pointsOf(count, { struck = false } = {}) {
  const label = h("span", { class: `points ${count > 0 ? "good" : "bad"}` }, sign(count));
  return struck ? h("s", {}, label) : label;
}

// What the lead did

function event(facts) {
  const isMachine = Boolean(facts.signal) && !facts.freed_because;
  const title = orPlain(say(`event.${facts.event}`), facts.event);
  const lines = [];
  const where = [facts.page, facts.campaign ? say("event.campaign", { campaign: facts.campaign }) : ""].filter(Boolean);
  if (where.length) lines.push(where.join(" · "));
  const chips = [];
  if (isMachine) {
    chips.push(chip(say("machine"), "warn"));
    lines.push(say("machine.why", { signal: orPlain(say(`signal.${facts.signal}`), facts.signal), reason: facts.signal_reason }));
  } else if (facts.freed_because) {
    lines.push(say("machine.freed", { reason: facts.freed_because }));
  }
  if (facts.waits && !isMachine) chips.push(chip(say("waits"), "warn"));
  if (facts.proof === "claim") chips.push(chip(say("claim")));
  if (facts.is_history) chips.push(chip(say("history")));
  const { total, nodes } = sumPoints(facts.points || []);
  lines.push(...nodes);
  const late = (facts.points || []).map((row) => row.undelivered).find(Boolean);
  if (late) chips.push(chip(orPlain(say(`undelivered.${late}`), late), late === "dead" || late === "dropped" ? "bad" : "warn"));
  return entry(title, {
    lines,
    chips,
    points: total ? [pointsOf(total)] : [],
    struck: isMachine,
    details: drawProperties(facts.properties),
  });
}

/** Sum what an event gave; every correction is told with its reason, and what it took is struck through. */
function sumPoints(rows) {
  const byRule = new Map();
  for (const row of rows) byRule.set(row.rule, [...(byRule.get(row.rule) || []), row]);
  const nodes = [];
  for (const [rule, all] of byRule) {
    const [first, ...later] = all;
    const net = all.reduce((sum, row) => sum + row.points, 0);
    if (later.length === 0) {
      nodes.push(`${sign(first.points)} ${sayReason(rule)}${stripRule(first.reason, rule)}`);
      continue;
    }
    const last = later[later.length - 1];
    nodes.push(h("span", {}, h("s", {}, sign(first.points)), ` ${net ? `${sign(net)} ` : ""}${sayReason(rule)}`,
      ` – ${formatDay(dayOf(last.at), "short")}${stripRule(last.reason, rule)}`));
  }
  return { total: rows.reduce((sum, row) => sum + row.points, 0), nodes };
}

/** "view_pricing: lead 7 was merged into this one" → ": lead 7 was merged into this one". */
function stripRule(reason, rule) {
  const rest = String(reason || "");
  if (rest === rule || rest === "") return "";
  return rest.startsWith(`${rule}: `) ? `: ${rest.slice(rule.length + 2)}` : `: ${rest}`;
}

function drawProperties(properties) {
  const rows = Object.entries(properties || {});
  if (!rows.length) return null;
  return h("details", { class: "small" }, h("summary", {}, say("details")),
    h("dl", {}, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
}

function points(facts) {
  const kind = facts.kind === "rule" && facts.dimension === "fit" ? "fit" : facts.kind;
  const title = kind === "decay" && facts.times > 1
    ? say("points.decay.nights", { count: facts.times }) : say(`points.${kind}`, { rule: sayReason(facts.rule) });
  const lines = [];
  if (facts.times === 1 && kind !== "decay" && stripRule(facts.reason, facts.rule)) {
    lines.push(stripRule(facts.reason, facts.rule).slice(2));
  }
  const chips = facts.undelivered
    ? [chip(orPlain(say(`undelivered.${facts.undelivered}`), facts.undelivered), ["dead", "dropped"].includes(facts.undelivered) ? "bad" : "warn")] : [];
  return entry(title, { lines, chips, points: [pointsOf(facts.points)] });
}

function identity(facts) {
  const leads = { older: String(facts.older), younger: String(facts.younger) };
  if (facts.what === "joined") {
    const evidence = orPlain(say(`identifier.${facts.kind}`), facts.kind);
    return entry(say("joined", leads), {
      lines: [facts.value ? say("joined.by", { evidence, value: facts.value }) : say("joined.by_kind", { evidence })],
    });
  }
  return entry(say("split", leads), {
    lines: [facts.by ? say("split.by", { by: facts.by, because: facts.because || "" }) : say("split.evidence")],
  });
}

function created(facts) {
  const how = facts.is_imported ? "import" : facts.is_from_form ? "form" : "seen";
  const from = [facts.campaign, facts.source].filter(Boolean).join(" · ");
  return entry(say(`created.${how}`, { lead: String(facts.lead_id) }), { lines: [from] });
}

// What sales did

function stage(facts) {
  const reasons = facts.reasons.map((reason) => `${sayReason(reason.rule)} ${sign(reason.points)}`).join(" · ");
  const lines = [reasons || (facts.rep_id ? say("by", { who: sayRep(facts.rep_id, facts) }) : facts.because)];
  if (facts.account) lines.push(say(`account.${facts.account.state}`));
  const chips = [];
  if (facts.is_backfill) chips.push(chip(say("backfill")));
  if (facts.cycle > 1) chips.push(chip(say("cycle", { number: facts.cycle })));
  return entry(h("strong", {}, say(`became.${facts.stage}`)), { lines, chips });
}

/** Return a salesperson: the name in the CRM, or else the id. */
function sayRep(id, facts) {
  return (facts.names && facts.names[id]) || id;
}

function assignment(facts) {
  const who = facts.rep_id ? sayRep(facts.rep_id, facts) : "";
  const title = who
    ? say(`assigned.${facts.cause === "breach" ? "moved" : "to"}`, { who })
    : say("assigned.queue", { queue: facts.queue || "" });
  const lines = [[say(`why.${facts.why}`), facts.rule ? say("assigned.rule", { rule: facts.rule }) : ""].filter(Boolean).join(" · ")];
  if (facts.waited_minutes >= 1) lines.push(say("assigned.waited", { time: formatSpan(facts.waited_minutes * 60) }));
  const skipped = (facts.passed_over || []).reduce((sum, group) => sum + group.reps.length, 0);
  const details = skipped === 0 ? null : h("details", { class: "small" },
    h("summary", {}, say("passed_over", { count: skipped })),
    h("ul", {}, facts.passed_over.map((group) => h("li", {},
      `${group.reps.map((rep) => sayRep(rep, facts)).join(say("list.comma"))}: ${sayWhy(group.why)}`))));
  const chips = facts.notice ? [drawNotice(facts)] : [];
  if (facts.withdrawn_because) chips.push(chip(say(`withdrawn.${facts.withdrawn_because}`), "warn"));
  if (facts.notice_reason) lines.push(facts.notice_reason);
  return entry(title, { lines, chips, details });
}

function drawNotice(facts) {
  const kind = facts.notice === "sent" ? "good" : facts.notice === "dropped" ? "warn" : "";
  return chip(say(`notice.${facts.notice}`, { time: formatTime(facts.notified_at) }), kind);
}

/** Reasons of routing that hold numbers: what they look like, and the words for them. */
const WHYS = [
  [/^had this lead before$/, "had_before"],
  [/^is away$/, "away"],
  [/^does not work now$/, "off"],
  [/^has had (?<today>\d+) leads today, capacity (?<capacity>\d+)$/, "full"],
  [/^had (?<served>\d+) leads lately, weight (?<weight>[\d.e+-]+)$/, "share"],
  [/^is not named by the rule$/, "not_named"],
  [/^does not cover (?<what>.+)$/, "not_covered"],
  [/^owns the account, but (?<rest>.+)$/, "owner"],
  [/^has left$/, "left"],
];

function sayWhy(text) {
  for (const [pattern, key] of WHYS) {
    const found = pattern.exec(text);
    if (found) {
      const groups = { ...found.groups };
      if (groups.rest) groups.rest = sayWhy(groups.rest);
      return say(`skipped.${key}`, groups);
    }
  }
  return text;
}

function clock(facts) {
  const due = formatTime(facts.due_at);
  const title = say(`due.${facts.clock}`, { due });
  const time = facts.business_minutes === null ? "" : formatSpan(facts.business_minutes * 60);
  const kind = { met: "good", met_late: "warn", at_risk: "warn", held: "warn", breached: "bad" }[facts.state] || "";
  const lines = [facts.stopped_at ? say("due.stopped", { time, at: formatTime(facts.stopped_at) }) : ""];
  if (facts.is_handed_over) lines.push(say("due.handed_over"));
  return entry(title, { chips: [chip(say(`state.${facts.state}`), kind)], lines });
}

function activity(facts) {
  const who = facts.rep_id ? sayRep(facts.rep_id, facts) : "";
  const title = [orPlain(say(`activity.${facts.kind}`), facts.kind), facts.status ? orPlain(say(`status.${facts.status}`), facts.status) : ""].filter(Boolean).join(": ");
  return entry(title, { lines: [who ? say("by", { who }) : ""] });
}

function consent(facts) {
  return entry(say(`consent.${facts.word}`), { lines: [say("by", { who: facts.by }), facts.quote] });
}

// What leadops asked of other systems

function call(facts) {
  const what = orPlain(say(`operation.${facts.operation}`), facts.operation);
  const title = say("call", { system: orPlain(say(`system.${facts.target}`), facts.target), what });
  const kind = { done: "good", dead: "bad", dropped: "warn", pending: "", sending: "" }[facts.state] || "";
  const lines = [];
  if (facts.rep_id) lines.push(sayRep(facts.rep_id, facts));
  if (facts.error) lines.push(facts.error);
  if (facts.attempts > 1) lines.push(say("call.attempts", { count: facts.attempts }));
  if (facts.state === "pending" && facts.not_before) lines.push(say("call.not_before", { time: formatTime(facts.not_before) }));
  if (facts.state === "sending" && facts.may_have_arrived) lines.push(say("call.unknown"));
  return entry(title, { lines, chips: [chip(say(`call.${facts.state}`), kind)] });
}

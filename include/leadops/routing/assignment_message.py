"""The Slack message to whom leads were given: why, and how long there is; without personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from leadops.company import Company
from leadops.lifecycle.publish import CycleKey
from leadops.notifications.blocks import SlackMessage, compose_sections
from leadops.notifications.markup import escape, link
from leadops.notifications.messages import Messages, read_section
from leadops.scoring.grades import Grades, bound, grade

#: What sales reads in place of the names of rules, by rule and language.
RuleLabels = Mapping[str, Mapping[str, str]]

#: Reasons of a score that the message names: the strongest.
REASONS = 3
#: Characters of a company's name.
LONGEST_COMPANY = 80


class AssignmentLinks(NamedTuple):
    """Where a lead is shown: in the CRM (an address with {id}) and by leadops; empty: no link."""

    crm_link: str
    pages_url: str


@dataclass(frozen=True)
class AssignmentNotice:
    """A lead that was given to somebody; times in UTC. `withdrawn_because`: why the MQL was taken back.

    `evidence` is that of the MQL, None of somebody erased; `first_id` names the message in which it stands.
    """

    assignment_id: int
    created_at: datetime
    attempts: int
    unknown_since: datetime | None
    lead_id: int
    rep_id: str | None
    queue: str | None
    cause: str
    withdrawn_because: str | None
    account_state: str | None  # customer or open_deal: a customer's colleague, who is counted apart
    crm_id: str | None  # None: not known, or erased
    cycle: int
    evidence: Mapping[str, Any] | None
    company: str | None
    first_id: int
    slack_id: str | None
    channel: str | None
    message_ts: str | None
    is_sought: bool  # erased while it was unknown whether the message is in Slack

    @property
    def is_current(self) -> bool:
        """Whether the lead is to be called."""
        return self.withdrawn_because is None and self.evidence is not None


def form_assignment_message(
    notices: Sequence[AssignmentNotice],
    *,
    company: Company,
    grades: Grades,
    rule_labels: RuleLabels,
    due: Mapping[CycleKey, datetime],
    links: AssignmentLinks,
    now: datetime,
) -> SlackMessage:
    """Return the message to the recipient of `notices`: a line for each lead, and what stands behind it.

    It addresses the salesperson's Slack account where that is known. `due`: until when sales has to contact
    the leads that have a clock. No name and no address of a person is in it; of a customer's colleague
    neither the company nor the colleague is named.
    """
    texts = read_section("assignment", company.language)
    first = notices[0]
    slack_id = first.slack_id if first.slack_id and first.slack_id.isalnum() else None
    who = f"<@{slack_id}>" if slack_id else f"*{escape(first.rep_id or first.queue or '')}*"
    wording = "night" if first.rep_id is None else "moved" if first.cause == "breach" else "new"
    details = [
        _describe(notice, company=company, grades=grades, rule_labels=rule_labels, due=due, now=now)
        for notice in notices
    ]
    if len(notices) == 1:
        heading = _name_lead(first, texts, texts[wording], who=who, links=links)
        return compose_sections(heading, [heading + detail for detail in details])
    heading = texts[f"{wording}_many"].format(who=who, count=len(notices))
    sections = [
        _name_lead(notice, texts, texts["one_of_many"], who="", links=links) + detail
        for notice, detail in zip(notices, details, strict=True)
    ]
    return compose_sections(heading, [heading, *sections])


def _name_lead(
    notice: AssignmentNotice, texts: Mapping[str, str], line: str, *, who: str, links: AssignmentLinks
) -> str:
    if notice.withdrawn_because is not None:
        because = texts[f"withdrawn_{notice.withdrawn_because}"]
        named = texts["withdrawn" if who else "withdrawn_of_many"]
        text = named.format(who=who, lead=notice.lead_id, because=because)
    else:
        text = line.format(who=who, lead=notice.lead_id) + texts.get(notice.account_state or "", "")
    places = []
    if notice.crm_id is not None and links.crm_link:
        places.append(link(links.crm_link.replace("{id}", notice.crm_id), texts["open"]))
    elif notice.crm_id is not None:
        places.append(texts["id"].format(id=escape(notice.crm_id)))
    if links.pages_url:
        places.append(link(f"{links.pages_url}/leads/{notice.lead_id}", texts["page"]))
    return f"{text} ({' · '.join(places)})" if places else text


def _describe(
    notice: AssignmentNotice,
    *,
    company: Company,
    grades: Grades,
    rule_labels: RuleLabels,
    due: Mapping[CycleKey, datetime],
    now: datetime,
) -> str:
    """Return the lines behind the first one, as far as the MQL's evidence has them; empty if none."""
    if not notice.is_current or notice.evidence is None:
        return ""
    messages, evidence = Messages(company), notice.evidence
    strongest = evidence.get("reasons", [])[:REASONS]
    total, fit, behaviour = (evidence.get(name) for name in ("total", "fit", "behaviour"))
    facts: dict[str, Any] = {
        "company": (notice.company or "")[:LONGEST_COMPANY] if notice.account_state is None else "",
        "reasons": [
            f"{_name_rule(one['rule'], rule_labels, company.language)} +{one['points']}" for one in strongest
        ],
    }
    if isinstance(total, int) and isinstance(fit, int) and isinstance(behaviour, int):
        facts |= {
            "total": bound(total, grades),
            "grade": grade(fit=fit, behaviour=behaviour, grades=grades),
        }
    until = due.get(CycleKey(notice.lead_id, notice.cycle))
    if until is not None:
        facts["was_due" if until <= now else "due"] = until
        facts["left"] = max((until - now).total_seconds() / 60, 0)
    lines = [messages.say("assignment", key, facts) for key in ("behind", "because", "due", "was_due")]
    return "".join(f"\n{line}" for line in lines if line)


def _name_rule(name: str, rule_labels: RuleLabels, language: str) -> str:
    """Return what sales calls a rule: its label, else its name; a rule of the past has no label any more."""
    label = rule_labels.get(name, {}).get(language)
    return label or str(name).replace("_", " ")

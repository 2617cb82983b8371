"""Writes the half year as the files that a real company would have: exports of its CRM, a file of events."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from leadops_sandbox.past.company import name_campaign
from leadops_sandbox.past.story import Past
from leadops_sandbox.past.visits import SITE, Act, Lead

#: How the files of events begin, one a month; and each export with its mapping, in the order of their import.
EVENTS = "events"
EXPORTS = ("leads", "transitions", "activities", "costs", "thresholds")

Row = dict[str, Any]


def write_files(past: Past, folder: Path, *, seed: int) -> None:
    """Write all files and their mappings into `folder`; what is there already is written again."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{EVENTS}-*.jsonl"):
        old.unlink()
    rows = {
        "leads": list_leads(past, seed),
        "transitions": list_stages(past),
        "activities": list_activities(past),
        "costs": list_costs(past),
        "thresholds": list_thresholds(past),
    }
    for name in EXPORTS:
        _write_csv(folder / f"{name}.csv", rows[name])
        (folder / f"{name}.yaml").write_text(MAPPINGS[name], encoding="utf-8")
    by_month: dict[str, list[str]] = defaultdict(list)
    for event in list_events(past, seed):
        by_month[event["ts"][:7]].append(json.dumps(event) + "\n")
    for month, lines in by_month.items():
        (folder / f"{EVENTS}-{month}.jsonl").write_text("".join(lines), encoding="utf-8")


def list_leads(past: Past, seed: int) -> Iterator[Row]:
    """Yield the rows of the CRM's leads, with what people do to such a list: spellings, doubles, gaps."""
    rng = Random(f"{seed}:dirt")
    for lead in past.leads:
        campaign, email = lead.campaign_name, lead.email
        chance = rng.random()
        if chance < 0.02:
            campaign = campaign.upper()
        elif chance < 0.04:
            campaign = f" {campaign} "
        elif chance < 0.045:
            email = email.upper()
        row = {
            "Lead ID": lead.crm_id,
            "E-mail": email,
            "Created": lead.acts[0].at.isoformat(),
            "Campaign": campaign,
            "Source": lead.campaign.channel,
            "Country": rng.choice((lead.traits["country"], "-")),
        }
        yield row
        if chance > 0.99:
            yield row | {"Created": (lead.acts[0].at + timedelta(hours=2)).isoformat()}


def list_stages(past: Past) -> Iterator[Row]:
    """Yield the rows of the CRM's history of stages; each was entered two minutes after it happened."""
    for number, sale in sorted(past.sales.items()):
        lead = past.leads[number - 1]
        for stage, at in sale.list_stages():
            is_won = stage == "won" and sale.amount is not None
            recorded_at = min(at + timedelta(minutes=2), past.end)
            yield {
                "Lead ID": lead.crm_id,
                "Stage": stage,
                "At": at.isoformat(),
                "Entered": recorded_at.isoformat(),
                "Score": sale.mql.total if stage == "mql" else "",
                "Rep": sale.rep if stage == "sal" else "",
                "Amount": sale.amount if is_won else "",
                "Campaign": name_campaign(lead.campaign, past.calendar.number_of(sale.mql.at.date())),
            }


def list_activities(past: Past) -> Iterator[Row]:
    """Yield the rows of what salespeople entered."""
    for number, sale in sorted(past.sales.items()):
        for count, activity in enumerate(sale.activities):
            details = activity.details
            yield {
                "Activity ID": f"{past.leads[number - 1].crm_id}-{count + 1}",
                "Lead ID": past.leads[number - 1].crm_id,
                "Type": activity.kind,
                "Status": activity.status,
                "Rep": sale.rep,
                "At": activity.at.isoformat(),
                **{name.capitalize(): details.get(name, "") for name in ("need", "budget", "authority")},
                "Next meeting": details.get("next_meeting_at", ""),
                "Amount": details.get("amount", ""),
                "Reason": details.get("reason", ""),
            }


def list_costs(past: Past) -> Iterator[Row]:
    """Yield the rows of the books."""
    for cost in past.costs:
        yield {
            "Month": f"{cost.month:%Y-%m-%d}",
            "Category": cost.category,
            "Campaign": cost.campaign,
            "Amount": cost.amount,
        }


def list_thresholds(past: Past) -> Iterator[Row]:
    """Yield the rows of the changes of the threshold."""
    for change in past.thresholds:
        yield {
            "At": change.at.isoformat(),
            "Total": change.total,
            "Decided by": "approved",
            "Reason": change.reason,
        }


def list_events(past: Past, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the events of all leads in the order of time, as a site's server and mail service send them."""
    acts = sorted((act.at, lead.number, count) for lead in past.leads for count, act in enumerate(lead.acts))
    for _, number, count in acts:
        yield _describe(past.leads[number - 1], count, past, seed)


def _describe(lead: Lead, count: int, past: Past, seed: int) -> dict[str, Any]:
    act: Act = lead.acts[count]
    context: dict[str, Any] = {"page": f"{SITE}{act.page}"}
    if act.came_by:
        utm = {"source": act.came_by.channel, "medium": act.came_by.channel}
        name = name_campaign(act.came_by, past.calendar.number_of(act.at.date()))
        context["utm"] = utm | ({"campaign": name} if name else {})
    return {
        "event_id": f"simulated-{seed}-{past.calendar.last_day}-{lead.number}-{count}",
        "event": act.event,
        "ts": act.at.isoformat(),
        "email": lead.email,
        "anonymous_id": f"simulated-{seed}-{lead.number}",
        "properties": dict(act.properties),
        "context": context,
    }


def _write_csv(path: Path, rows: Iterable[Row]) -> None:
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)


MAPPINGS = {
    "leads": """\
lead: {crm_id: Lead ID, email: E-mail}
in_crm: true
created_at: Created
campaign: Campaign
source: Source
attributes:
  country: {column: Country, known_at: created}
""",
    "transitions": """\
lead: {crm_id: Lead ID}
transitions:
  - stage: {column: Stage}
    at: At
    recorded_at: Entered
    rep_id: Rep
    total: {column: Score, type: integer}
    value: {column: Amount, type: number}
    campaign: Campaign
""",
    "activities": """\
crm_id: Lead ID
activity_id: Activity ID
kind: Type
status: Status
rep_id: Rep
occurred_at: At
details:
  need: {column: Need, type: boolean}
  budget: {column: Budget, type: boolean}
  authority: {column: Authority, type: boolean}
  next_meeting_at: Next meeting
  amount: {column: Amount, type: number}
  reason: Reason
""",
    "costs": """\
month: Month
category: Category
campaign: Campaign
amount: {column: Amount, type: number}
""",
    "thresholds": """\
effective_at: At
total: {column: Total, type: integer}
decided_by: Decided by
reason: Reason
""",
}

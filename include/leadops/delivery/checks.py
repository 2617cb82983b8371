"""The checks on delivery: does what other systems should get arrive there, and do the scores agree?"""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from leadops.db import Connection
from leadops.delivery.account_guard import list_held
from leadops.delivery.backlog_checks import ACCOUNT_COUNTS, check_backlogs, check_outbox, check_quotas
from leadops.delivery.database_mark import find_hold
from leadops.delivery.read_back import AMBIGUOUS
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__)

#: Leads that a message names.
NAMED_LEADS = 5
#: So long one duplicate that nothing explains keeps its incident open.
DUPLICATES_COUNT = timedelta(days=1)


@dataclass(frozen=True)
class OpenLetters:
    """The open dead letters of one target, with its most frequent reasons and up to five leads."""

    target: str
    letters: int
    unknown: int  # how many of them the target may have
    first_at: datetime
    reasons: list[str]
    leads: int
    lead_ids: list[int] | None


def check_dead_letters(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find the targets with dead letters that nobody has retried or discarded."""
    findings = []
    for letters in queries.all(connection, "count_dead_letters", OpenLetters, ambiguous=AMBIGUOUS):
        rejected = letters.letters - letters.unknown
        facts = {
            "target": letters.target,
            "count": letters.letters,
            "rejected": rejected or None,
            "unknown": letters.unknown or None,
            "only_unknown": None if rejected else letters.unknown,
            "reasons": [mask_text(reason, longest=80) for reason in letters.reasons],
            "leads": letters.leads,
            "lead_ids": letters.lead_ids or [],
        }
        findings.append(fire("dead_letters", facts, since=letters.first_at))
    return findings


@dataclass(frozen=True)
class GoneLeads:
    """Leads that went from one target lately: why, how many have points that wait, and the newest of them."""

    target: str
    leads: int
    waiting: int
    first_at: datetime
    reasons: list[str]
    lead_ids: list[int]


def check_gone_leads(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the targets from which leads went in the last `leads_gone_hours`, and are not back yet."""
    since = given.now - timedelta(hours=given.settings.leads_gone_hours)
    findings = []
    for gone in queries.all(connection, "count_gone", GoneLeads, since=since):
        facts = {
            "target": gone.target,
            "count": gone.leads,
            "waiting": gone.waiting or None,
            "reasons": gone.reasons,
            "first_at": gone.first_at.isoformat(),
            "lead_ids": gone.lead_ids,
        }
        findings.append(fire("leads_gone", facts, since=gone.first_at))
    return findings


@dataclass(frozen=True)
class LastAudit:
    """What the last complete audit of the MA left unreconciled; null where a limit holds."""

    night: date
    ended_at: datetime
    left_over: int
    correction_limit: int
    missing: int | None
    inconsistent: int | None
    lead_ids: list[int]


def check_audit(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find what the last audit of the MA could not reconcile."""
    audit = queries.first(connection, "find_last_audit", LastAudit)
    if audit is None or not (audit.left_over or audit.missing or audit.inconsistent):
        return []
    facts = {
        "target": "ma",
        "night": audit.night.isoformat(),
        "count": audit.left_over or None,
        "limit": audit.correction_limit,
        "missing": audit.missing,
        "inconsistent": audit.inconsistent,
        "lead_ids": audit.lead_ids[:NAMED_LEADS],
    }
    return [fire("audit_differences", facts, since=audit.ended_at)]


def check_hold(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find the hold under which nothing is sent, because the database went back."""
    hold = find_hold(connection)
    if hold is None:
        return []
    facts = {
        **hold.facts,
        "by_hand": "leadops restored" if hold.reason == "by hand" else None,
        "held_at": hold.held_at.isoformat(),
        "waiting": queries.value(connection, "count_held_calls"),
    }
    return [fire("database_went_back", facts, since=hold.held_at)]


def check_accounts(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the targets whose connection leads to another account than the one that gave the ids."""
    findings = []
    for record in list_held(connection, since=given.now - ACCOUNT_COUNTS):
        facts = {
            "target": record.target,
            "account": record.name,
            "other": record.other_name,
            "waiting": queries.value(connection, "count_waiting", target=record.target),
        }
        findings.append(fire("another_account", facts, since=given.now))
    return findings


@dataclass(frozen=True)
class UnexplainedDuplicates:
    """Changes that a target says it had before, though nothing on record explains how."""

    target: str
    count: int
    last_at: datetime
    lead_ids: list[int]


def check_duplicates(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the targets that called a change a duplicate in the last day that nobody is known to have sent."""
    since = given.now - DUPLICATES_COUNT
    found = queries.all(connection, "count_duplicates", UnexplainedDuplicates, since=since)
    return [
        fire("unexplained_duplicates", asdict(row) | {"last_at": row.last_at.isoformat()}, since=row.last_at)
        for row in found
    ]


CHECKS = (
    Check("hold", ("database_went_back",), check_hold),
    Check("accounts", ("another_account",), check_accounts),
    Check("duplicates", ("unexplained_duplicates",), check_duplicates),
    Check("quotas", ("quota_used_up",), check_quotas),
    Check("backlogs", ("ma_backlog",), check_backlogs),
    Check("outbox", ("outbox_waiting",), check_outbox),
    Check("dead_letters", ("dead_letters",), check_dead_letters),
    Check("leads_gone", ("leads_gone",), check_gone_leads),
    Check("audit", ("audit_differences",), check_audit),
)

"""The checks on the KPI contract: what was frozen for quarters, and words of the CRM that nothing names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire, form_finding
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class FrozenQuarterChange:
    """A frozen quarter for which kpi.yaml now says something else, as the minute run noted it."""

    found_at: datetime
    facts: Mapping[str, Any]


def check_contract(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find the frozen quarters that kpi.yaml changes; one finding a quarter."""
    return [
        fire("contract_changed", change.facts, since=change.found_at)
        for change in queries.all(connection, "list_frozen_changes", FrozenQuarterChange)
    ]


@dataclass(frozen=True)
class FieldWords:
    """The words of one field of the CRM's recent activities."""

    field: str  # status, kind or salesperson
    activities: int
    unnamed: int  # of these, activities whose word no setting names
    words: int  # different words that no setting names
    new_words: int  # of these, words never seen before
    examples: list[str]  # the most frequent ones, new ones first


def check_words(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the fields of the CRM with a word never seen before, or in which too many words are not named."""
    limits, findings = given.settings.crm_words, list[CheckFinding]()
    since = given.now - timedelta(hours=limits.window_hours)
    for found in queries.all(connection, "count_words", FieldWords, since=since, now=given.now):
        facts = {
            "field": found.field,
            "words": found.words,
            "new": found.new_words,
            "examples": [mask_text(word, longest=40) for word in found.examples],
            "count": found.unnamed,
            "total": found.activities,
            "percent": round(100 * found.unnamed / found.activities),
            "hours": limits.window_hours,
        }
        status = "firing" if found.new_words else limits.classify(found.unnamed, found.activities)
        if status != "ok":
            findings.append(form_finding("crm_words", status, facts, since=given.now))
    return findings


CHECKS = (
    Check("contract", ("contract_changed",), check_contract),
    Check("crm_words", ("crm_words",), check_words),
)

"""Which values of leads no fit rule understands: what to name in the rules, or to correct at the sender."""

from typing import Any, NamedTuple

from leadops.db import Connection
from leadops.normalization.country_names import find_country
from leadops.queries import Queries
from leadops.scoring.rule_parameters import award_parameters
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__, topic="preview")


class UnmatchedRow(NamedTuple):
    """A value that no rule fits: the forms by which it is compared, and the words of one of its leads."""

    trait: str
    forms: Any
    example: Any
    leads: int


class UnmatchedValue(NamedTuple):
    """A value that no fit rule of its trait fits, as one of its leads wrote it."""

    trait: str
    value: str
    leads: int  # how many leads it is the newest value of
    reason: str


def list_unmatched_values(connection: Connection, *, rules: RuleSet, max_values: int) -> list[UnmatchedValue]:
    """Return the values that no fit rule of `rules` fits, the most frequent first.

    Only traits that a fit rule asks for. A number that is read is understood, whether it gives points or not;
    so is an email domain, which nobody types in. Values that compare alike count as one.
    """
    rows = queries.all(
        connection, "list_unmatched", UnmatchedRow, fit=award_parameters(rules).fit, max_values=max_values
    )
    return [UnmatchedValue(row.trait, str(row.example), row.leads, _explain(row)) for row in rows]


def _explain(row: UnmatchedRow) -> str:
    if row.trait == "employees":
        return "not a number of people"
    if row.trait == "country" and find_country(str(row.example)) is None:
        return "not a country"
    return "no rule fits"

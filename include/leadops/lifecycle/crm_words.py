"""Words of the CRM: statuses, kinds of activity and salespeople, and those that no setting names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import OtherWords
from leadops.lifecycle.rule_spans import RuleSpan
from leadops.normalization.word_keys import make_word_key
from leadops.queries import Queries

queries = Queries(__file__)

#: Where the CRM says a word.
WordField = Literal["status", "kind", "salesperson"]
#: Words of each field that are on record as named by no setting. A field with more holds free text.
MAX_WORDS = 1_000
#: The kinds of activity that leadops itself reads.
OWN_KINDS = ("status", "meeting")


@dataclass(frozen=True)
class NamedWords:
    """The words that settings name, as they are compared."""

    statuses: list[str]
    kinds: list[str]
    salespeople: list[str]  # ids, as the CRM writes them; beside those whom it lists


class CrmWord(NamedTuple):
    """A word of the CRM's activities."""

    field: WordField
    word: str  # its most frequent spelling
    activities: int
    last_at: datetime  # UTC
    is_named: bool


def name_words(spans: Iterable[RuleSpan], other: OtherWords) -> NamedWords:
    """Return the words that the rules of `spans` or `other` name."""
    statuses, kinds = list(other.statuses), [*OWN_KINDS, *other.kinds]
    for span in spans:
        kinds += span.rules["contact"]
        for name in ("taken", "contacted", "criteria", "won", "lost"):
            statuses += span.rules[name]
    return NamedWords(
        statuses=sorted(set(map(make_word_key, statuses))),
        kinds=sorted(set(map(make_word_key, kinds))),
        salespeople=sorted(set(other.salespeople)),
    )


def forget_words(connection: Connection, named: NamedWords, *, now: datetime) -> int:
    """Remove words that a setting names by now, or that were not used for 90 days; return how many."""
    return queries.run(
        connection,
        "delete_words",
        statuses=named.statuses,
        kinds=named.kinds,
        salespeople=named.salespeople,
        now=now,
    )


def list_words(connection: Connection, named: NamedWords, *, since: datetime) -> list[CrmWord]:
    """Return the words of the activities since `since`: first those that no setting names, by frequency."""
    return queries.all(
        connection,
        "list_words",
        CrmWord,
        statuses=named.statuses,
        kinds=named.kinds,
        salespeople=named.salespeople,
        since=since,
    )

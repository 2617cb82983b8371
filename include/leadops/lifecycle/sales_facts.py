"""Derives from the CRM's activities what sales did in each cycle."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.crm_words import MAX_WORDS, NamedWords
from leadops.lifecycle.publish import CycleKey
from leadops.lifecycle.rule_spans import RuleSpan, key_words
from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import fold_text
from leadops.normalization.word_keys import make_word_key
from leadops.queries import Queries

queries = Queries(__file__)

#: What a CRM's field says for "no"; compared without case and width.
DENIALS = frozenset({"false", "no", "n", "off", "0", "nein", "いいえ"})


def take_activities(connection: Connection, *, named: NamedWords, now: datetime) -> list[int]:
    """Empty lifecycle's inbox of what is due; return the leads that have new activities.

    Words of the CRM that are not `named` are recorded, of each field at most MAX_WORDS.
    """
    return queries.values(
        connection,
        "take_activities",
        statuses=named.statuses,
        kinds=named.kinds,
        salespeople=named.salespeople,
        max_words=MAX_WORDS,
        now=now,
    )


def record_facts(
    connection: Connection, leads: Sequence[int], *, spans: Sequence[RuleSpan], now: datetime
) -> list[CycleKey]:
    """Record what sales did with `leads`, by the rules of `spans`; return the cycles that changed.

    The facts are a function of the MQLs, the activities and the rules: what does not follow from them any
    more is removed.
    """
    versions, leads = write_rows(spans), list(leads)
    queries.run(connection, "create_sales_activities")
    queries.run(connection, "clear_sales_activities")
    queries.run(connection, "create_derived_facts")
    queries.run(connection, "clear_derived_facts")
    queries.run(connection, "collect_activities", leads=leads, versions=versions, now=now)
    names = _spell_names(queries.values(connection, "list_detail_names"), spans)
    said: list[str] = queries.values(connection, "list_details", names=list(names))
    affirmed = [value for value in said if not is_denial(value)]
    queries.run(
        connection,
        "derive_facts",
        versions=versions,
        names=list(names),
        keys=list(names.values()),
        affirmed=affirmed,
    )
    return queries.all(connection, "replace_facts", CycleKey, leads=leads)


def write_rows(spans: Sequence[RuleSpan]) -> Jsonb:
    """Return `spans` as the parameter of the statements of this stage: their words as keys."""
    return Jsonb([span.as_row() | key_words(span.rules) for span in spans])


def _spell_names(names: Sequence[str], spans: Sequence[RuleSpan]) -> dict[str, str]:
    """Return the key of each name of a detail that some rules ask for, by how the CRM spells it."""
    asked = {
        make_word_key(word)
        for span in spans
        for word in (*span.rules["criteria"], *span.rules["next_meeting"])
    }
    keys = {name: make_word_key(name) for name in names}
    return {name: key for name, key in keys.items() if key in asked}


def is_denial(value: str) -> bool:
    """Return whether a detail of an activity says that nothing is known (a blank), or says no."""
    return is_blank(value) or fold_text(value) in DENIALS

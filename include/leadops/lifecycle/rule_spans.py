"""Which rules evaluate what sales did at each moment: kpi.yaml's, or those of a frozen quarter."""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from leadops.calendar.local_days import local_midnight
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from leadops.normalization.word_keys import make_word_key

#: What stands for the beginning and the end of time.
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


class RuleSpan(NamedTuple):
    """The rules, flat and JSON-ready, that are in force from `since` until before `until` (UTC)."""

    since: datetime
    until: datetime
    rules: Mapping[str, Any]

    def clip(self, since: datetime, until: datetime) -> "RuleSpan":
        """Return the part of the span in [since, until); empty where `since` is not before `until`."""
        return self._replace(since=max(self.since, since), until=min(self.until, until))

    def as_row(self) -> dict[str, Any]:
        """Return the span as the SQL of this stage reads it."""
        return {**self.rules, "since": self.since.isoformat(), "until": self.until.isoformat()}


def list_rule_spans(contract: KpiContract, frozen: Mapping[Quarter, KpiContract]) -> list[RuleSpan]:
    """Return the rules of all time, each moment once and in order; neighbours differ.

    On the days of a quarter in `frozen` its contract is in force, elsewhere `contract`. So a contract that is
    frozen as it stands changes nothing. Of quarters that share days the later one in `frozen` counts.
    """
    spans = _list_contract(contract)
    for quarter, agreed in frozen.items():
        begin = _begin(quarter, agreed)
        end = _begin(quarter.next(), agreed)
        spans = [
            *(span.clip(FIRST, begin) for span in spans),
            *(span.clip(begin, end) for span in _list_contract(agreed)),
            *(span.clip(end, LAST) for span in spans),
        ]
        spans = [span for span in spans if span.since < span.until]
    return _join(spans)


def find_changed_times(before: Sequence[RuleSpan], after: Sequence[RuleSpan]) -> list[RuleSpan]:
    """Return the times in which `after` has other rules than `before`, with those rules."""
    bounds = sorted({span.since for span in (*before, *after)} | {LAST})
    pieces = [
        RuleSpan(since, until, find_rules(after, since))
        for since, until in pairwise(bounds)
        if find_rules(before, since) != find_rules(after, since)
    ]
    return _join(pieces)


def find_rules(spans: Sequence[RuleSpan], moment: datetime) -> Mapping[str, Any]:
    """Return the rules in force at `moment`; nothing without `spans`."""
    place = bisect_right(spans, moment, key=lambda span: span.since) - 1
    return spans[place].rules if spans else {}


def key_words(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of `rules` as they are compared; of the criteria the name and the key of each.

    Two criteria with one key are one: the first is its name.
    """
    lists = ("taken", "contact", "contacted", "next_meeting", "won", "lost")
    keys = {name: sorted(set(map(make_word_key, rules[name]))) for name in lists}
    criteria = {make_word_key(word): word for word in reversed(rules["criteria"])}
    return {**keys, "criteria": {word: key for key, word in criteria.items()}}


def read_spans(rows: Iterable[Mapping[str, Any]]) -> list[RuleSpan]:
    """Return the spans that `RuleSpan.as_row` wrote."""
    spans = []
    for row in rows:
        rules = {name: value for name, value in row.items() if name not in ("since", "until")}
        since, until = (datetime.fromisoformat(row[name]) for name in ("since", "until"))
        spans.append(RuleSpan(since, until, rules))
    return spans


def digest_spans(spans: Sequence[RuleSpan]) -> str:
    """Return the SHA-256 of what `spans` say."""
    rows = [span.as_row() for span in spans]
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _list_contract(contract: KpiContract) -> list[RuleSpan]:
    deal_value = contract.deal_value.model_dump(mode="json")
    return [
        RuleSpan(
            span.since.astimezone(UTC) if span.since else FIRST,
            span.until.astimezone(UTC) if span.until else LAST,
            {**span.version.flatten_rules(), "deal_value": deal_value},
        )
        for span in contract.spans()
    ]


def _begin(quarter: Quarter, contract: KpiContract) -> datetime:
    return local_midnight(quarter.first_day, contract.zone).astimezone(UTC)


def _join(spans: Sequence[RuleSpan]) -> list[RuleSpan]:
    """Make one span of neighbours with the same rules."""
    joined: list[RuleSpan] = []
    for span in spans:
        if joined and joined[-1].until == span.since and joined[-1].rules == span.rules:
            joined[-1] = joined[-1]._replace(until=span.until)
        else:
            joined.append(span)
    return joined

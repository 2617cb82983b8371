import json
from collections.abc import Iterator
from typing import Any

import pytest

from leadops.clients.call_outcomes import Answered, Outcome, Refused, Throttled, Unknown, Unreachable
from leadops.clients.cdp import CdpClient
from leadops.errors import PermanentError, TransientError
from leadops.events.replay_events import Replay, ReplayCounts, RowRejection
from leadops.settings import Endpoint
from leadops.tabular.file_row import FileRow


class Cdp(CdpClient):
    """A CDP that takes each event_id once, after the outcomes that a test wants first."""

    def __init__(self, *first: Outcome, refuse: str = "") -> None:
        super().__init__(Endpoint(base_url="http://127.0.0.1:1"))
        self.first, self.refuse = list(first), refuse.encode()
        self.known: set[str] = set()
        self.calls: list[bytes] = []

    def collect(self, body: bytes) -> Outcome:
        self.calls.append(body)
        if self.first:
            return self.first.pop(0)
        if self.refuse and self.refuse in body:
            return Refused(400, "HTTP 400: not for me")
        ids = [event["event_id"] for event in json.loads(body)]
        new = set(ids) - self.known
        self.known |= new
        return Answered(202, {"accepted": len(new), "duplicates": len(ids) - len(new), "quarantined": []})


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def rejections() -> list[RowRejection]:
    return []


def rows(number: int, **values: Any) -> Iterator[FileRow]:
    return (FileRow(n + 2, {"event": "page_view", "n": n} | values) for n in range(number))


def replay(
    cdp: Cdp, source: Iterator[FileRow], rejections: list[RowRejection], waits: list[float]
) -> ReplayCounts:
    return Replay(cdp, mapping=None, reject=rejections.append, sleep=waits.append).run(source)


def test_equal_rows_are_told_apart_and_the_same_file_adds_nothing(
    rejections: list[RowRejection], waits: list[float]
) -> None:
    cdp = Cdp()
    twice = [
        FileRow(2, {"a": 1}),
        FileRow(3, {"a": 1}),
        FileRow(4, {"a": 2}),
        FileRow(5, {"event_id": "own"}),
    ]
    assert replay(cdp, iter(twice), rejections, waits) == ReplayCounts(rows=4, accepted=4)
    assert replay(cdp, iter(twice), rejections, waits) == ReplayCounts(rows=4, duplicates=4)
    assert "own" in cdp.known


def test_batches_keep_within_both_limits(rejections: list[RowRejection], waits: list[float]) -> None:
    cdp = Cdp()
    assert replay(cdp, rows(1201), rejections, waits).accepted == 1201
    assert [len(json.loads(body)) for body in cdp.calls] == [500, 500, 201]
    cdp = Cdp()
    assert replay(cdp, rows(20, text="x" * 100_000), rejections, waits).accepted == 20
    assert max(map(len, cdp.calls)) <= 512 * 1024


def test_patience_with_the_same_ids(rejections: list[RowRejection], waits: list[float]) -> None:
    cdp = Cdp(Throttled(7.0), Unreachable("no"), Unknown("HTTP 503"), Unknown("broke"))
    assert replay(cdp, rows(3), rejections, waits).accepted == 3
    assert waits == [7.0, 1.0, 2.0, 4.0]
    assert len(set(cdp.calls)) == 1


def test_a_silent_cdp_is_given_up(rejections: list[RowRejection], waits: list[float]) -> None:
    with pytest.raises(TransientError, match="run the same command again"):
        replay(Cdp(*[Unknown("HTTP 503")] * 50), rows(3), rejections, waits)
    assert 300 <= sum(waits) < 340


def test_a_cdp_that_does_not_know_us_is_told_at_once(
    rejections: list[RowRejection], waits: list[float]
) -> None:
    with pytest.raises(PermanentError, match="wrong key"):
        replay(Cdp(Refused(403, "HTTP 403: wrong key")), rows(3), rejections, waits)


def test_an_answer_outside_the_contract_is_told(rejections: list[RowRejection], waits: list[float]) -> None:
    for body in (
        None,
        {},
        {"accepted": 1, "duplicates": 0, "quarantined": [{"index": 9}]},
        # More or fewer rows than were sent: some would be counted nowhere.
        {"accepted": 0, "duplicates": 0, "quarantined": []},
        {"accepted": 1, "duplicates": 1, "quarantined": []},
    ):
        with pytest.raises(PermanentError, match="does not say"):
            replay(Cdp(Answered(200, body)), rows(1), rejections, waits)


def test_one_row_that_is_refused_does_not_hold_up_the_rest(
    rejections: list[RowRejection], waits: list[float]
) -> None:
    cdp = Cdp(refuse='"n":13,')
    assert replay(cdp, rows(40), rejections, waits) == ReplayCounts(rows=40, accepted=39, rejected=1)
    assert [(one.row, one.reason, one.in_quarantine) for one in rejections] == [(15, "http_400", False)]


def test_rows_that_make_no_event_are_rejected_with_the_reason(
    rejections: list[RowRejection], waits: list[float]
) -> None:
    source = [FileRow(2, {}, "no JSON"), FileRow(3, {"a": 1}), FileRow(4, {"a": 1, "a.b": 2})]
    assert replay(Cdp(), iter(source), rejections, waits) == ReplayCounts(rows=3, accepted=1, rejected=2)
    assert [(one.row, one.detail) for one in rejections] == [
        (2, "no JSON"),
        (4, "a.b: a is both a value and an object"),
    ]

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadops.events.event_refusal import EventRefusal
from leadops.events.validate_event import ValidItem, validate_item
from leadops_sandbox.traffic.visits import Sending, Visit, visits
from tests.promises import promise_examples
from tests.shipped import SHIPPED

START = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
STARTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
STANDARD = {
    "page_view", "view_pricing", "request_document", "search", "view_comparison", "video_progress",
    "webinar_attend", "webinar_register", "ad_click", "mail_open", "mail_click", "submit_form", "identify",
    "unsubscribe",
}  # fmt: skip


def sendings(seen: list[Visit]) -> list[Sending]:
    return [sending for visit in seen for sending in visit.sendings]


def until(end: datetime, **options: float) -> list[Visit]:
    return list(takewhile(lambda visit: visit.at < end, visits(1, start=START, **options)))  # type: ignore[arg-type]


@given(st.integers(), STARTS)
@settings(max_examples=promise_examples(30))
def test_a_seed_gives_the_same_visits_to_the_byte(seed: int, start: datetime) -> None:
    first = list(islice(visits(seed, start=start), 20))
    assert first == list(islice(visits(seed, start=start), 20))
    assert first != list(islice(visits(seed + 1, start=start), 20))
    assert first[0].at == start
    assert all(one.at <= two.at for one, two in pairwise(first))


@given(st.integers(), STARTS)
# This stream once held a crawler's event that was broken too, and was refused as the crawler's.
@example(211320319, datetime(2026, 8, 18, 3, 7, 27, 763, tzinfo=UTC))
@settings(max_examples=promise_examples(30))
def test_the_gateway_takes_what_is_valid_and_refuses_the_rest(seed: int, start: datetime) -> None:
    config = SHIPPED.events
    ids: Counter[str] = Counter()
    for sending in sendings(list(islice(visits(seed, start=start), 60))):
        at = sending.send_at
        judged = validate_item(sending.event, now=at, arrived_at=at, settings=config, history=False)
        if sending.sort in ("valid", "duplicate"):
            assert isinstance(judged, ValidItem), judged
            assert judged.changes == []
            assert judged.event.event in STANDARD
            assert judged.event.ts <= at
            ids[sending.event["event_id"]] += sending.sort == "valid"
        else:
            assert isinstance(judged, EventRefusal)
            assert (judged.reason == "known_bot") == (sending.sort == "bot")
    assert max(ids.values(), default=1) == 1


def test_a_machines_visit_has_no_other_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    for share in ("BOTS", "INVALID", "DUPLICATES"):
        monkeypatch.setattr(f"leadops_sandbox.traffic.visits.{share}", 0.5)
    sorts = [{sending.sort for sending in visit.sendings} for visit in islice(visits(1, start=START), 200)]
    assert {"bot"} in sorts
    assert [found for found in sorts if "bot" in found and found != {"bot"}] == []
    assert any("invalid" in found for found in sorts)


def test_the_rate_is_kept_over_a_week() -> None:
    count = len(sendings(until(START + timedelta(days=7), rate=1.0)))
    assert count == pytest.approx(7 * 24 * 60, rel=0.07)


def test_noise_is_there_and_rare() -> None:
    seen = sendings(until(START + timedelta(hours=8)))
    sorts = Counter(sending.sort for sending in seen)
    assert set(sorts) == {"valid", "duplicate", "invalid", "bot"}
    assert sorts["valid"] / len(seen) > 0.95
    delays = [s.send_at - datetime.fromisoformat(s.event["ts"]) for s in seen if s.sort == "valid"]
    late = [delay for delay in delays if delay > timedelta(seconds=15)]
    assert 0.005 < len(late) / len(seen) < 0.04


def test_ten_minutes_of_a_quiet_sunday_night_bring_several_buyers() -> None:
    sunday = datetime(2026, 7, 4, 18, 0, tzinfo=UTC)  # 03:00 in Tokyo
    for seed in range(1, 6):
        stream = takewhile(lambda visit: visit.at < sunday + timedelta(minutes=7), visits(seed, start=sunday))
        events = [s.event["event"] for visit in stream for s in visit.sendings]
        assert events.count("request_document") >= 2

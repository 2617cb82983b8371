"""An MA whose answers are sound JSON but odd: in the end the totals in the MA and the ledger agree."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.delivery.read_back import AMBIGUOUS
from tests.delivery.letters import resolve_letters
from tests.delivery_fixture import SteppedDelivery, impatient
from tests.promises import promise_examples
from tests.scripted_server import ScriptedServer, serve_script

FALSE_DUPLICATE = "lost, said to be a duplicate"
#: What the MA does with a row: does it take effect, and which results name it?
ROWS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "sound": (True, ("applied",)),
    "twice": (True, ("applied", "applied")),
    "twelve times": (True, ("applied",) * 12),
    "not named": (True, ()),
    "queued": (True, ("queued",)),
    "both ways": (True, ("rejected", "applied")),
    "said to be a duplicate": (True, ("duplicate",)),
    "lost, not named": (False, ()),
    "lost, named twice": (False, ("applied", "duplicate")),
    FALSE_DUPLICATE: (False, ("duplicate",)),
    "lost, queued": (False, ("queued",)),
}
#: What it does with a call: its status, and whether the rows take effect.
CALLS: list[tuple[int, bool]] = [
    *[(200, True)] * 4,
    (202, True),
    (409, True),
    (409, False),
    (425, False),
    (421, False),
    (429, False),
    (500, True),
    (503, True),
    (503, False),
    (408, False),
    (206, True),
    (302, False),
]
#: No two leads of one database have one id in the MA.
MA_IDS = count(1)
RETRY_AFTER = ["", "0", "nan", "-5", "soon", "Thu, 01 Jan 2015 00:00:00 GMT"]


@dataclass
class OddMa:
    """An MA that applies a deltaId at most once, and answers as its script says; then soundly."""

    server: ScriptedServer
    calls: Iterator[tuple[tuple[int, bool], str]]
    rows: Iterator[str]
    ids: dict[str, int] = field(default_factory=dict)
    scores: dict[int, int] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    #: Score calls by their status.
    statuses: list[int] = field(default_factory=list)

    def respond(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Do what is asked, or not, then answer."""
        self.server.headers.clear()
        if method == "GET":
            lead = int(path.rsplit("/", 1)[1])
            return 200, json.dumps({"id": lead, "score": self.scores[lead]}).encode()
        sent = json.loads(body)
        if path == "/api/leads":
            if sent["email"] not in self.ids:
                self.ids[sent["email"]] = next(MA_IDS)
            lead = self.ids[sent["email"]]
            self.scores.setdefault(lead, 0)
            return 200, json.dumps({"leadId": lead}).encode()
        (status, has_effect), retry_after = next(self.calls, ((200, True), ""))
        self.statuses.append(status)
        if retry_after:
            self.server.headers["Retry-After"] = retry_after
        results: list[dict[str, Any]] = [{"deltaId": "of-another", "status": "rejected"}]
        updates = sent.get("updates", [sent])
        for update in updates:
            results += self._apply(update, is_answered=has_effect and status < 300)
            if has_effect and status >= 300:
                self._take(update)
        times = Counter(result["deltaId"] for result in results if result["status"] != "queued")
        is_any_named = any(times[update["deltaId"]] == 1 for update in updates)
        if not is_any_named and any(update["deltaId"] in self.applied for update in updates):
            for update in updates:  # a call of which the answer says nothing is applied as a whole
                self._take(update)
        return status, json.dumps({"results": results}).encode()

    def _apply(self, update: dict[str, Any], *, is_answered: bool) -> list[dict[str, Any]]:
        if not is_answered:
            return []
        delta_id = update["deltaId"]
        if delta_id in self.applied:
            return [{"deltaId": delta_id, "status": "duplicate"}]
        row = next(self.rows, "sound")
        takes_effect, statuses = ROWS[row]
        if takes_effect:
            self._take(update)
        return [{"deltaId": delta_id, "status": status} for status in statuses]

    def _take(self, update: dict[str, Any]) -> None:
        if update["deltaId"] not in self.applied:
            self.applied.add(update["deltaId"])
            self.scores[int(update["leadId"])] += update["delta"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script() as running:
        yield running


@settings(
    deadline=None,
    max_examples=promise_examples(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    calls=st.lists(st.tuples(st.sampled_from(CALLS), st.sampled_from(RETRY_AFTER)), max_size=5),
    rows=st.lists(st.sampled_from(list(ROWS)), max_size=12),
    # Every sum says which changes it is made of; others can be for a person, and for the audit.
    points=st.lists(
        st.lists(st.sampled_from([1, 2, 4, 8, 16]), min_size=1, max_size=4, unique=True),
        min_size=1,
        max_size=4,
    ),
    batch_size=st.sampled_from([1, 2, 1000]),
)
def test_in_the_end_the_totals_in_ma_and_ledger_agree(
    database_url: str,
    server: ScriptedServer,
    calls: list[tuple[tuple[int, bool], str]],
    rows: list[str],
    points: list[list[int]],
    batch_size: int,
) -> None:
    delivery = SteppedDelivery(database_url, server.url, settings=impatient(batch_size=batch_size))
    ma = OddMa(server, iter(calls), iter(rows))
    server.respond = ma.respond
    with delivery.connect() as connection:  # what an earlier example left, if it failed
        connection.execute(
            "truncate scoring.ledger, delivery.batches, delivery.held_deltas, delivery.dead_letters,"
            " delivery.outbox, delivery.external_ids, delivery.targets"
        )
    leads = [delivery.add_lead() for _ in points]
    for lead, changes in zip(leads, points, strict=True):
        for change in changes:
            delivery.score(lead, change)
    wanted = {lead: sum(changes) for lead, changes in zip(leads, points, strict=True)}

    # Each hour repeats what a quarter of an hour may leave open: re-sent rows can meet odd answers again.
    for _ in range(len(calls) + len(rows) + 2):
        delivery.push()
        if not delivery.value("select count(*) from delivery.undelivered_deltas where why <> 'dropped'"):
            break
        delivery.now += timedelta(hours=1)
        if not delivery.value("select count(*) from delivery.batches where state = 'ready'"):
            resolve_letters(delivery)

    with delivery.connect() as connection:
        ids = connection.execute(
            "select lead_id, external_id::integer from delivery.external_ids where lead_id = any(%s)", [leads]
        ).fetchall()
    assert {lead: ma.scores[ma_id] for lead, ma_id in ids} == wanted
    assert delivery.value("select count(*) from delivery.undelivered_deltas where why <> 'dropped'") == 0
    assert (
        delivery.value("select count(*) from delivery.dead_letters where state in ('open', 'dropped')") == 0
    )


@dataclass
class Story:
    """One lead with one change of 10 points, its MA, and the time that has passed."""

    delivery: SteppedDelivery
    ma: OddMa

    def push(self, minutes: int = 0) -> None:
        """Push `minutes` later."""
        self.delivery.now += timedelta(minutes=minutes)
        self.delivery.push()

    @property
    def state(self) -> tuple[int, int, int]:
        """Open batches, dead letters, and the score in the MA."""
        batches = self.delivery.value("select count(*) from delivery.batches where state = 'ready'")
        letters = self.delivery.value("select count(*) from delivery.dead_letters where state = 'open'")
        return batches, letters, next(iter(self.ma.scores.values()))


def _tell(
    url: str, server: ScriptedServer, calls: list[tuple[tuple[int, bool], str]], rows: list[str]
) -> Story:
    delivery = SteppedDelivery(url, server.url)
    story = Story(delivery, OddMa(server, iter(calls), iter(rows)))
    server.respond = story.ma.respond
    lead = delivery.add_lead()
    delivery.score(lead, 10)
    story.push()
    return story


@pytest.mark.parametrize("row", [name for name, (has_effect, _) in ROWS.items() if has_effect])
def test_a_row_that_took_effect_is_settled_at_once_or_read_back(
    database_url: str, server: ScriptedServer, row: str
) -> None:
    story = _tell(database_url, server, [], [row])
    if story.state[0]:  # not named at all: sent again under its key, and read back a quarter of an hour later
        story.push(minutes=16)
    assert story.state == (0, 0, 10)
    assert story.delivery.value("select count(*) from delivery.undelivered_deltas") == 0


def test_a_duplicate_that_was_never_sent_waits_and_is_then_for_a_person(
    database_url: str, server: ScriptedServer
) -> None:
    story = _tell(database_url, server, [], [FALSE_DUPLICATE])
    assert story.state == (1, 0, 0)
    assert len(story.ma.statuses) == 1, "it is read back, not sent again"
    story.push(minutes=14)
    assert story.state == (1, 0, 0), "the MA may still be applying it"
    story.push(minutes=2)
    assert story.state == (0, 1, 0)
    resolve_letters(story.delivery)
    story.push()
    assert story.state == (0, 0, 10)


def test_a_false_duplicate_after_an_unknown_send_is_read_back_and_then_for_a_person(
    database_url: str, server: ScriptedServer
) -> None:
    """The first call is lost behind a 503, the second is answered "duplicate": 0 points before, 0 after."""
    story = _tell(database_url, server, [((503, False), "")], [FALSE_DUPLICATE])
    assert story.ma.statuses == [503, 200]
    assert story.state == (1, 0, 0), "not believed"
    story.push(minutes=16)
    assert story.state == (0, 1, 0)
    assert story.delivery.value("select reason from delivery.dead_letters") == AMBIGUOUS
    resolve_letters(story.delivery)
    story.push()
    assert story.state == (0, 0, 10)


def test_a_true_duplicate_after_an_unknown_send_costs_one_read(
    database_url: str, server: ScriptedServer
) -> None:
    """The first call took effect behind a 503: 0 points before, 10 after."""
    story = _tell(database_url, server, [((503, True), "")], [])
    assert story.ma.statuses == [503, 200]
    assert story.state == (0, 0, 10)
    assert story.delivery.value("select count(*) from delivery.undelivered_deltas") == 0


def test_what_is_not_named_goes_out_again_once_the_score_says_that_it_is_missing(
    database_url: str, server: ScriptedServer
) -> None:
    story = _tell(database_url, server, [], ["lost, not named"])
    story.push(minutes=16)
    assert story.state == (0, 0, 10)


@pytest.mark.parametrize("status", [409, 425])
@pytest.mark.parametrize("has_effect", [True, False])
def test_in_progress_and_too_early_are_waits(
    database_url: str, server: ScriptedServer, status: int, has_effect: bool
) -> None:
    story = _tell(database_url, server, [((status, has_effect), "")] * 3, [])
    assert story.ma.statuses == [status, status, status, 200]
    story.push()
    assert story.state == (0, 0, 10)


@pytest.mark.parametrize("retry_after", ["nan", "-5", "soon", ""])
def test_a_pause_that_says_nothing_is_half_a_minute_for_all_calls(
    database_url: str, server: ScriptedServer, retry_after: str
) -> None:
    story = _tell(database_url, server, [((429, False), retry_after)] * 30, [])
    for _ in range(5):
        story.push()
    assert story.ma.statuses == [429]
    assert story.state == (1, 0, 0)

"""Whatever the MA's answers look like: each point arrives once, or is a dead letter, and nothing waits."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.delivery_fixture import DeliveryFixture
from tests.dirty_json import AROUND, FATAL, HARMLESS
from tests.promises import promise_examples
from tests.scripted_server import ScriptedServer, serve_script

#: Answers that say nothing: a call has to be made again, under its key.
BROKEN = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"\\ud83d"',
    b'{"results":[{"deltaId":[1],"status":"applied"}]}',
    b"<html>",
)
REASONS = (
    b'"no such lead"',
    rb'"half \ud83d, NUL \u0000"',
    b'"caf\xe9"',
    b"null",
    b"NaN",
    b'{"code":7}',
    b"[1e400]",
)


#: No two leads of one database have one id in the MA.
MA_IDS = count(1)


@dataclass
class DirtyMa:
    """An MA that counts rightly, remembers keys, and writes its answers as `dirt` says."""

    #: One for each call, in turn: what is broken, beside the results, around the answer, and the reason.
    dirt: Iterator[tuple[bytes | None, bytes, tuple[bytes, bytes], bytes]]
    rejects: set[int]  # points that it does not take
    ids: dict[str, int] = field(default_factory=dict)
    scores: dict[int, int] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)

    def respond(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Do what is asked, then answer in the next way."""
        broken, beside, (before, after), reason = next(self.dirt)
        sent = json.loads(body) if body else {}
        if method == "GET":
            lead = int(path.rsplit("/", 1)[1])
            answer = b'{"id":%d,"score":%d,%s}' % (lead, self.scores[lead], beside)
        elif path == "/api/leads":
            lead = self.ids.get(sent["email"]) or self.ids.setdefault(sent["email"], next(MA_IDS))
            self.scores.setdefault(lead, 0)
            answer = b'{"leadId":%d,%s}' % (lead, beside)
        else:
            results = [self._apply(update, beside, reason) for update in sent.get("updates", [sent])]
            answer = (
                b'{"results":[%s],%s}' % (b",".join(results), beside) if "updates" in sent else results[0]
            )
        return 200, before + (answer if broken is None else broken) + after

    def _apply(self, update: dict[str, Any], beside: bytes, reason: bytes) -> bytes:
        delta_id = update["deltaId"]
        if update["delta"] in self.rejects:
            return b'{"deltaId":"%s","status":"rejected","error":%s,%s}' % (delta_id.encode(), reason, beside)
        status = b"duplicate" if delta_id in self.applied else b"applied"
        if delta_id not in self.applied:
            self.applied.add(delta_id)
            self.scores[update["leadId"]] += update["delta"]
        return b'{"deltaId":"%s","status":"%s",%s}' % (delta_id.encode(), status, beside)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script() as running:
        yield running


one_dirt = st.tuples(
    st.none() | st.sampled_from(BROKEN), st.sampled_from(HARMLESS + FATAL), AROUND, st.sampled_from(REASONS)
)


@settings(
    deadline=None,
    max_examples=promise_examples(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    dirt=st.lists(one_dirt, min_size=1, max_size=8),
    points=st.lists(st.lists(st.integers(1, 4), max_size=3), min_size=1, max_size=3),
    rejects=st.sets(st.integers(1, 4), max_size=2),
)
def test_each_point_arrives_or_is_a_dead_letter(
    database_url: str,
    server: ScriptedServer,
    dirt: list[tuple[bytes | None, bytes, tuple[bytes, bytes], bytes]],
    points: list[list[int]],
    rejects: set[int],
) -> None:
    delivery = DeliveryFixture(database_url, server.url)
    delivery.settings.targets["ma"] = delivery.settings.targets["ma"].model_copy(update={"connections": 1})
    sound = (None, b'"ok":true', (b"", b""), b'"no"')
    ma = DirtyMa(iter([*dirt, *[sound] * 1_000]), rejects)
    server.respond = ma.respond
    open_before = delivery.value("select count(*) from delivery.dead_letters")
    leads = [delivery.add_lead() for _ in points]
    for lead, changes in zip(leads, points, strict=True):
        for change in changes:
            delivery.score(lead, change)
    for _ in range(
        len(dirt) + 1
    ):  # a push ends while the target looks down; each meets one dirty answer at least
        delivery.push(seconds=60)

    changes = [change for of_lead in points for change in of_lead]
    taken = {
        str(lead): sum(set_points for set_points in of_lead if set_points not in rejects)
        for lead, of_lead in zip(leads, points, strict=True)
    }
    with delivery.connect() as connection:
        ids = connection.execute(
            "select lead_id::text, external_id::integer from delivery.external_ids where lead_id = any(%s)",
            [leads],
        ).fetchall()
    assert {lead: ma.scores[ma_id] for lead, ma_id in ids} == taken
    dead = delivery.value("select count(*) from delivery.dead_letters") - open_before
    assert dead == sum(change in rejects for change in changes)
    assert delivery.value("select count(*) from delivery.undelivered_deltas where why <> 'dead'") == 0
    assert delivery.value("select count(*) from delivery.outbox where state <> 'done'") == 0


@pytest.mark.parametrize(
    "lead_id", [b"true", b"1.5", b"NaN", b'"x"', b"null", b"[1]", b"{}", b"1e400", b"9" * 300]
)
def test_a_create_answer_without_a_usable_id_is_asked_for_again(
    database_url: str, server: ScriptedServer, lead_id: bytes
) -> None:
    delivery = DeliveryFixture(database_url, server.url)
    answers = iter([b'{"leadId":%s}' % lead_id, b'\xef\xbb\xbf{"leadId":12,"name":"\\ud83d","quota":NaN}'])
    server.respond = lambda *_: (200, next(answers))
    delivery.add_lead()
    delivery.push()
    assert delivery.value("select external_id from delivery.external_ids") == "12"
    assert delivery.value("select answer from delivery.outbox") == {
        "leadId": 12,
        "name": "\ufffd",
        "quota": "NaN",
    }


def test_the_audit_reads_what_it_can_and_names_the_rest(database_url: str, server: ScriptedServer) -> None:
    """Scores as text and as 12.0 agree; a lead listed twice counts once; one is not readable anywhere."""
    delivery = DeliveryFixture(database_url, server.url)
    ma = DirtyMa(iter([(None, b'"ok":true', (b"", b""), b"")] * 100), set())
    server.respond = ma.respond
    leads = [delivery.add_lead() for _ in range(4)]
    for lead in leads:
        delivery.score(lead, 10)
    delivery.push()
    ids = [
        delivery.value("select external_id from delivery.external_ids where lead_id = %s", lead)
        for lead in leads
    ]
    scores = dict(zip(ids, [b'"10"', b"10.0", b"10", b"NaN"], strict=True))
    pages = [
        b'{"items":[%s,{"id":%s,"score":3},null,{"id":true}],"cursor":"a"}'
        % (
            b",".join(b'{"id":%s,"score":%s}' % (ma_id.encode(), score) for ma_id, score in scores.items()),
            ids[2].encode(),
        ),
        b'{"items":[{"id":%s,"score":10,"email":"\\ud83d"}],"cursor":null}' % ids[2].encode(),
    ]

    def respond(_method: str, path: str, _body: bytes) -> tuple[int, bytes]:
        if path.startswith("/api/leads?"):
            return 200, pages["after=a" in path]
        return 200, b'{"score":%s}' % scores[path.rsplit("/", 1)[1]]

    server.respond = respond
    result = delivery.audit()
    assert result.differences == []
    assert result.unreadable == [leads[3]]
    assert (result.leads, result.unmatched) == (4, 0)

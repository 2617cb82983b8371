from datetime import UTC, datetime, timedelta
from hashlib import sha256

from leadops.db import Connection
from leadops.gateway.wrong_keys import MOST, WrongKeys
from tests.gateway.conftest import Serve
from tests.gateway.test_segment_calls import refused


class Clock:
    now = datetime(2026, 7, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_the_fingerprint_begins_the_sha256_of_the_key() -> None:
    reason = WrongKeys(Clock()).name_reason("an-old-key-of-16")
    assert reason == f"bad_key_{sha256(b'an-old-key-of-16').hexdigest()[:8]}"
    assert WrongKeys(Clock()).name_reason("\ud800").startswith("bad_key_")


def test_no_key_has_no_fingerprint() -> None:
    assert [WrongKeys(Clock()).name_reason(key) for key in (None, "")] == ["bad_key", "bad_key"]


def test_whoever_guesses_cannot_make_more_names_than_these() -> None:
    clock = Clock()
    keys = WrongKeys(clock)
    names = {keys.name_reason(f"guess-{number}") for number in range(1000)}
    assert len(names) == MOST + 1
    assert keys.name_reason("guess-0") != "bad_key", "those that have a name keep it"
    clock.now += timedelta(hours=1)
    assert keys.name_reason("a-sender") != "bad_key", "after an hour there is room again"


def test_a_refused_call_is_counted_with_the_fingerprint_of_its_key(
    serve: Serve, connection: Connection
) -> None:
    client = serve()
    answer = client.post("/collect", json={}, headers={"X-Write-Key": "another-key-0123456"})
    assert answer.status_code == 403
    name = sha256(b"another-key-0123456").hexdigest()[:8]
    assert refused(connection, f"collect_bad_key_{name}") == 1
    assert name not in answer.text

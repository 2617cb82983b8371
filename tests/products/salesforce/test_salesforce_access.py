"""Signing in to the stand-in, which is judged by simple-salesforce; and what is said of what goes wrong."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.clients.call_outcomes import Refused, TokenExpired
from leadops.clients.transport import Transport
from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.products.salesforce.salesforce_access import (
    ask_session,
    find_audience,
    form_grant,
    open_salesforce_access,
)
from leadops.settings import Endpoint
from leadops_sandbox.answers import utc_now
from leadops_sandbox.serve import serve_in_thread
from tests.products.salesforce.keys import PUBLIC, write_key

USER = "leadops@acme.example"
LIMITS = "/services/data/v66.0/limits"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Salesforce's stand-in, which knows the app's certificate."""
    with serve_in_thread(tmp_path / "state", product="salesforce", sales_work=False) as url:
        body = {"product": {"certificate": PUBLIC}}
        requests.post(f"{url}/_settings", json=body, timeout=20).raise_for_status()
        yield url


def by_secret(url: str, **values: Any) -> Endpoint:
    return Endpoint(base_url=url, login="sandbox-client", token="sandbox-crm-token", extra=values)


def by_key(url: str, key_file: Path | str, **extra: Any) -> Endpoint:
    return Endpoint(
        base_url=url,
        login="sandbox-client",
        extra={"grant": "jwt", "user": USER, "key_file": str(key_file)} | extra,
    )


def now() -> float:
    return utc_now().timestamp()


def fault(url: str, kind: str, **rule: Any) -> None:
    rule = {"target": "salesforce", "kind": kind, "path": "/services/oauth2/*"} | rule
    requests.post(f"{url}/_faults", json=rule, timeout=20).raise_for_status()


def opens(url: str, session: str) -> bool:
    headers = {"Authorization": f"Bearer {session}"}
    return requests.get(f"{url}/services/data/v66.0/limits", headers=headers, timeout=20).ok


def test_each_way_gives_a_session_that_opens(url: str, tmp_path: Path) -> None:
    key_file = write_key(tmp_path / "sf.pem")
    for endpoint in (by_secret(url), by_key(url, key_file)):
        assert opens(url, ask_session(endpoint, now=now()))


def test_the_assertion_is_what_the_protocol_says() -> None:
    """RFC 7523: three parts; the claims read without the library that made them."""
    key_file = Path(__file__).with_name("no.pem")
    with pytest.raises(ConfigError, match=r"`key_file` in the connection's extra: .*no\.pem: No such file"):
        form_grant(by_key("https://acme.my.salesforce.com", key_file), now=1_000.9)


def test_the_claims_of_an_assertion(tmp_path: Path) -> None:
    endpoint = by_key("https://acme.my.salesforce.com", write_key(tmp_path / "sf.pem"))
    form = form_grant(endpoint, now=1_000.9)
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    head, claims, _ = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in form["assertion"].split(".")
    )
    assert json.loads(head)["alg"] == "RS256"
    assert json.loads(claims) == {
        "iss": "sandbox-client",
        "sub": USER,
        "aud": "https://login.salesforce.com",
        "exp": 1_180,
    }


@pytest.mark.parametrize(
    ("host", "audience"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--uat.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8080", "https://login.salesforce.com"),
    ],
)
def test_an_assertion_is_for_the_login_address(host: str, audience: str) -> None:
    assert find_audience(host) == audience


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"login": ""}, "`login` of the connection is missing"),
        ({"login": "another"}, "invalid_client_id: client identifier invalid.*correct `login`"),
        ({"token": ""}, "the password of the connection is missing"),
        ({"token": "guess"}, "invalid_client: .*correct the password of the connection"),
        ({"extra": {"grant": "password"}}, "is jwt or client_credentials, not 'password'"),
        ({"extra": {"grant": "jwt"}}, "`user` in the connection's extra is missing"),
        ({"extra": {"grant": "jwt", "user": USER}}, "`key_file` in the connection's extra is missing"),
    ],
)
def test_what_is_wrong_with_the_connection_is_said_in_one_line(
    url: str, change: dict[str, Any], text: str
) -> None:
    endpoint = by_secret(url).model_copy(update=change)
    with pytest.raises(PermanentError, match=text) as error:
        ask_session(endpoint, now=now())
    assert "\n" not in str(error.value)
    assert endpoint.token not in str(error.value) or not endpoint.token


def test_a_wrong_user_an_old_assertion_and_a_foreign_key_are_refused_with_advice(
    url: str, tmp_path: Path
) -> None:
    key_file = write_key(tmp_path / "sf.pem")
    for endpoint, moment in (
        (by_key(url, key_file, user="nobody@acme.example"), now()),
        (by_key(url, key_file, audience="https://acme.example"), now()),
        (by_key(url, key_file), now() - 400),
    ):
        with pytest.raises(PermanentError, match=r"invalid_grant.*the clock here must be right"):
            ask_session(endpoint, now=moment)


@pytest.mark.parametrize("content", ["password", "nonsense"])
def test_a_key_that_cannot_be_used_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sf.pem"
    write_key(path, password=b"secret")
    if content == "nonsense":
        path.write_text("-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match=r"sf\.pem holds no RSA key in PEM without a password"):
        form_grant(by_key("https://acme.my.salesforce.com", path), now=0.0)


@pytest.mark.parametrize("kind", ["500", "unavailable", "edge_420", "reset_before"])
def test_a_sign_in_without_an_answer_is_no_refusal(url: str, kind: str) -> None:
    fault(url, kind, count=1)
    with pytest.raises(TransientError, match="Salesforce gives no session"):
        ask_session(by_secret(url), now=now())


def open_two(url: str) -> list[Transport]:
    """Return two connections to one account, as two outbox workers have them."""

    def classify(answer: Any, outcome: Any) -> Any:
        return TokenExpired("its session has ended") if answer.status == 401 else outcome

    endpoint = by_secret(url)
    return [Transport(endpoint, access=open_salesforce_access(endpoint), classify=classify) for _ in range(2)]


def count_sign_ins(url: str) -> int:
    calls = requests.get(f"{url}/_state", timeout=20).json()["calls"]
    return int(calls.get("POST /services/oauth2/token", 0))


def test_a_renewed_session_is_shared_and_one_that_ends_again_is_a_refusal(url: str) -> None:
    """Gotcha 9: a second 401 with a fresh session is a matter of credentials, and no loop."""
    transports = open_two(url)
    for transport in transports:
        assert transport.send("GET", LIMITS).status == 200  # type: ignore[union-attr]
    assert count_sign_ins(url) == 1
    rule = {"target": "salesforce", "kind": "invalid_session", "path": "/services/data/*", "count": 2}
    requests.post(f"{url}/_faults", json=rule, timeout=20).raise_for_status()
    assert transports[0].send("GET", LIMITS) == Refused(401, "its session has ended")
    assert count_sign_ins(url) == 2
    assert transports[1].send("GET", LIMITS).status == 200  # type: ignore[union-attr]
    assert count_sign_ins(url) == 2
    for transport in transports:
        transport.close()


def test_a_connection_that_slept_through_two_sessions_signs_in_and_is_not_refused(tmp_path: Path) -> None:
    """The session that another one got meanwhile is over as well: it is no fresh one that was refused."""
    moment = [utc_now()]
    options: dict[str, Any] = {"product": "salesforce", "sales_work": False, "clock": lambda: moment[0]}
    with serve_in_thread(tmp_path / "state", **options) as url:
        awake, asleep = open_two(url)
        for transport in (awake, asleep):
            assert transport.send("GET", LIMITS).status == 200  # type: ignore[union-attr]
        for transport, sign_ins in ((awake, 2), (asleep, 3)):
            moment[0] += timedelta(hours=3)
            assert transport.send("GET", LIMITS).status == 200  # type: ignore[union-attr]
            assert count_sign_ins(url) == sign_ins
            transport.close()

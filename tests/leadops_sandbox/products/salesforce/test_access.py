"""Sessions, the rolling day, and the faults of whole calls."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from leadops_sandbox.products.salesforce.access import JWT_BEARER

from ..conftest import Serve
from .conftest import DATA, SalesforceCaller, lead

KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def sign_in(salesforce: SalesforceCaller, **form: str) -> requests.Response:
    return requests.post(salesforce.running.url + "/services/oauth2/token", data=form, timeout=60)


def test_a_session_ends_and_a_new_one_goes_on(salesforce: SalesforceCaller) -> None:
    salesforce.running.clock.forward(seconds=7_199)
    assert salesforce.query("SELECT Id FROM Lead").status_code == 200
    salesforce.running.clock.forward(seconds=1)
    ended = salesforce.query("SELECT Id FROM Lead")
    assert (ended.status_code, ended.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    salesforce.session = salesforce.sign_in()
    assert salesforce.query("SELECT Id FROM Lead").status_code == 200


def test_the_fault_ends_every_session_once(salesforce: SalesforceCaller) -> None:
    salesforce.fault("session_ended", count=1)
    assert salesforce.upsert(lead(1)).status_code == 401
    assert salesforce.upsert(lead(1)).status_code == 401
    salesforce.session = salesforce.sign_in()
    assert salesforce.upsert(lead(1)).status_code == 200


def test_the_answer_does_not_say_how_long_a_session_lives(salesforce: SalesforceCaller) -> None:
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client"}
    answer = sign_in(salesforce, **form, client_secret="sandbox-ma-token").json()
    assert "expires_in" not in answer
    assert answer["instance_url"] == salesforce.running.url
    wrong = sign_in(salesforce, **form, client_secret="guess")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    assert sign_in(salesforce, grant_type="password").json()["error"] == "unsupported_grant_type"


def test_an_assertion_is_taken_as_long_as_everything_in_it_is_right(serve: Serve) -> None:
    running = serve("salesforce", settings={"certificate": PUBLIC.decode()})
    salesforce = SalesforceCaller(running)
    good = {
        "iss": "sandbox-client",
        "sub": "leadops@acme.example",
        "aud": "https://login.salesforce.com",
        "exp": int((running.clock() + timedelta(minutes=3)).timestamp()),
    }

    def answer(key: Any = KEY, **claims: Any) -> tuple[int, str]:
        assertion = jwt.encode(good | claims, key, algorithm="RS256")
        told = sign_in(salesforce, grant_type=JWT_BEARER, assertion=assertion)
        return told.status_code, str(told.json().get("error_description", ""))

    assert answer() == (200, "")
    assert answer(aud=running.url) == (200, "")
    assert answer(key=OTHER_KEY) == (400, "invalid assertion")
    assert answer(iss="another") == (400, "client identifier invalid")
    assert answer(sub="nobody@acme.example") == (400, "user hasn't approved this consumer")
    assert answer(aud="https://acme.example") == (400, "audience is invalid")
    assert answer(exp=int(running.clock().timestamp())) == (400, "invalid assertion expiration")
    assert answer(exp=int(running.clock().timestamp()) + 301) == (400, "invalid assertion expiration")


def test_the_day_rolls(serve: Serve) -> None:
    running = serve("salesforce", settings={"day_limit": 3, "session_seconds": 200_000})
    salesforce = SalesforceCaller(running)
    answers = [salesforce.query("SELECT Id FROM Lead") for _ in range(2)]
    assert [answer.headers["Sforce-Limit-Info"] for answer in answers] == ["api-usage=1/3", "api-usage=2/3"]
    running.clock.forward(hours=1)
    limits = salesforce("GET", f"{DATA}/limits").json()["DailyApiRequests"]
    assert limits == {"Max": 3, "Remaining": 0}
    refused = salesforce.query("SELECT Id FROM Lead")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "Retry-After" not in refused.headers
    running.clock.forward(hours=23)
    # The first two are a day old, the third is not.
    assert salesforce.query("SELECT Id FROM Lead").headers["Sforce-Limit-Info"] == "api-usage=2/3"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("limit_exceeded", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("concurrent", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("invalid_session", 401, "INVALID_SESSION_ID"),
        ("unavailable", 503, "SERVER_UNAVAILABLE"),
        ("api_disabled", 403, "API_DISABLED_FOR_ORG"),
        ("429", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("500", 500, "UNKNOWN_EXCEPTION"),
        ("edge_420", 420, ""),
    ],
)
def test_each_fault_of_the_table_answers_once_and_writes_nothing(
    salesforce: SalesforceCaller, kind: str, status: int, code: str
) -> None:
    salesforce.fault(kind, count=1)
    refused = salesforce.upsert(lead(1))
    assert refused.status_code == status
    assert (refused.json()[0]["errorCode"] if refused.content else "") == code
    assert salesforce.rows("SELECT Id FROM Lead") == []


def test_an_api_version_that_is_gone_is_not_found(salesforce: SalesforceCaller) -> None:
    assert salesforce("GET", "/services/data/v20.0/limits").status_code == 404
    newest = requests.get(salesforce.running.url + "/services/data", timeout=60).json()[-1]
    assert newest["version"] == "66.0"


def test_describing_a_lead_says_what_can_be_written(salesforce: SalesforceCaller) -> None:
    fields = salesforce("GET", f"{DATA}/sobjects/Lead/describe").json()["fields"]
    known = {field["name"]: field for field in fields}
    assert (known["LeadOps_Id__c"]["externalId"], known["LeadOps_Id__c"]["unique"]) == (True, True)
    assert (known["LeadOps_Score__c"]["type"], known["LeadOps_Score__c"]["updateable"]) == ("double", True)
    assert known["Rating"]["updateable"] is False

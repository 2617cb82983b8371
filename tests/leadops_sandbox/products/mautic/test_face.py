"""Mautic's batches, its points and their log; values written out by hand."""

from typing import Any

import pytest
import requests

from leadops_sandbox.settings import Tokens

from ...conftest import Running
from ..conftest import Serve

LOG = "/api/stats/lead_points_change_log"


class MauticCaller:
    """Calls Mautic's routes by Basic; every answer as it is."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        options = {"auth": ("leadops", Tokens().ma)} | options
        return requests.request(method, self.running.url + path, json=body, timeout=60, **options)

    def make(self, number: int, **fields: Any) -> int:
        contact = {"email": f"{number}@a.example"} | fields
        return int(self("POST", "/api/contacts/new", contact).json()["contact"]["id"])

    def get(self, contact: int) -> dict[str, Any]:
        shown: dict[str, Any] = self("GET", f"/api/contacts/{contact}").json()["contact"]
        return shown

    def score(self, contact: int) -> Any:
        return self.get(contact)["fields"]["all"]["leadops_score"]

    def plus(self, contact: int, number: int, name: str, operator: str = "plus") -> requests.Response:
        return self("POST", f"/api/contacts/{contact}/points/{operator}/{number}", {"eventName": name})

    def logged(self, name: str) -> list[tuple[str, str]]:
        where = {"where[0][col]": "event_name", "where[0][expr]": "eq", "where[0][val]": name}
        rows = self("GET", LOG, params=where).json()["stats"]
        return [(row["lead_id"], row["delta"]) for row in rows]

    def fault(self, kind: str, **more: Any) -> None:
        rule = {"target": "mautic", "kind": kind} | more
        assert self.running.admin("POST", "/_faults", rule).status_code == 201


@pytest.fixture
def mautic(serve: Serve) -> MauticCaller:
    return MauticCaller(serve("mautic"))


def test_a_batch_edit_sets_scores_and_answers_200_whatever_became_of_its_rows(mautic: MauticCaller) -> None:
    first, second = mautic.make(1), mautic.make(2)
    good = mautic(
        "PATCH",
        "/api/contacts/batch/edit",
        [{"id": first, "leadops_score": 17}, {"id": second, "leadops_score": "5"}],
    )
    assert good.json()["statusCodes"] == [200, 200]
    assert [contact["id"] for contact in good.json()["contacts"]] == [first, second]
    mixed = mautic(
        "PATCH",
        "/api/contacts/batch/edit",
        [
            {"id": 7, "leadops_score": 1},
            {"id": first, "leadops_score": "many"},
            {"id": second, "leadops_score": 6},
        ],
    )
    assert mixed.status_code == 200
    body = mixed.json()
    assert body["statusCodes"] == [404, 400, 200]
    assert set(body["errors"]) == {"0", "1"}
    assert body["errors"]["0"] == {"code": 404, "message": "Item was not found.", "details": [], "type": None}
    # With a gap in it, the list of contacts becomes an object.
    assert list(body["contacts"]) == ["2"]
    assert (mautic.score(first), mautic.score(second)) == (17, 6)
    assert mautic.running.admin("GET", "/_state").json()["ma"]["sum_of_scores"] == 23


def test_a_put_without_an_id_makes_a_twin_and_a_new_one_of_a_known_address_does_not(
    mautic: MauticCaller,
) -> None:
    first = mautic.make(1)
    same = mautic("POST", "/api/contacts/batch/new", [{"email": "1@a.example", "leadops_score": 3}])
    assert (same.status_code, same.json()["statusCodes"]) == (201, [200])
    assert same.json()["contacts"][0]["id"] == first
    twin = mautic("PUT", "/api/contacts/batch/edit", [{"email": "1@a.example"}])
    assert (twin.status_code, twin.json()["statusCodes"]) == (200, [201])
    assert twin.json()["contacts"][0]["id"] != first


def test_a_batch_has_at_most_two_hundred_contacts(mautic: MauticCaller) -> None:
    rows = [{"email": f"{number}@b.example"} for number in range(201)]
    assert mautic("POST", "/api/contacts/batch/new", rows).status_code == 400
    assert mautic("POST", "/api/contacts/batch/new", rows[:200]).json()["statusCodes"] == [201] * 200


def test_points_are_added_under_a_name_that_the_log_knows(serve: Serve) -> None:
    mautic = MauticCaller(serve("mautic", settings={"score_field": "points"}))
    contact = mautic.make(1)
    assert mautic.plus(contact, 5, "delta-1").json() == {"success": 1}
    assert mautic.plus(contact, 3, "delta-2").json() == {"success": 1}
    assert mautic.get(contact)["points"] == 8
    assert mautic.logged("delta-1") == [(str(contact), "5")]
    assert mautic.logged("delta-3") == []
    # The sign of what is taken away is lost in the log; plus with a negative number keeps it.
    mautic.plus(contact, 2, "delta-4", operator="minus")
    mautic.plus(contact, -2, "delta-5")
    assert mautic.logged("delta-4") == [(str(contact), "2")]
    assert mautic.logged("delta-5") == [(str(contact), "-2")]
    assert mautic.get(contact)["points"] == 4
    assert mautic.running.admin("GET", "/_state").json()["ma"]["sum_of_scores"] == 4
    mautic.running.restart(product="mautic")
    assert mautic.get(contact)["points"] == 4
    assert mautic.plus(7, 1, "x").status_code == 404


def test_lost_points_are_a_success_and_in_the_log(serve: Serve) -> None:
    mautic = MauticCaller(serve("mautic", settings={"score_field": "points"}))
    contact = mautic.make(1)
    mautic.fault("points_lost", count=1)
    assert mautic.plus(contact, 5, "delta-1").json() == {"success": 1}
    assert mautic.logged("delta-1") == [(str(contact), "5")]
    assert mautic.get(contact)["points"] == 0


def test_points_and_the_score_of_leadops_are_two_things(mautic: MauticCaller) -> None:
    contact = mautic.make(1, leadops_score=17)
    mautic.plus(contact, 5, "page hit")
    assert (mautic.get(contact)["points"], mautic.score(contact)) == (5, 17)
    # A change by hand or by edit leaves no row in the log.
    mautic("PATCH", f"/api/contacts/{contact}/edit", {"points": 9})
    assert mautic.get(contact)["points"] == 9
    assert mautic("GET", LOG).json()["total"] == 1


def test_a_token_ends_and_basic_does_not(mautic: MauticCaller) -> None:
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": Tokens().ma}
    answer = requests.post(f"{mautic.running.url}/oauth/v2/token", data=form, timeout=60).json()
    assert answer["expires_in"] == 3_600
    by_token = {"auth": None, "headers": {"Authorization": f"Bearer {answer['access_token']}"}}
    assert mautic("GET", "/api/contacts", **by_token).status_code == 200
    mautic.running.clock.forward(seconds=3_600)
    ended = mautic("GET", "/api/contacts", **by_token)
    assert (ended.status_code, ended.json()["errors"][0]["type"]) == (401, "invalid_grant")
    assert mautic("GET", "/api/contacts").status_code == 200
    assert mautic("GET", "/api/contacts", auth=("leadops", "guess")).status_code == 401
    wrong = requests.post(
        f"{mautic.running.url}/oauth/v2/token", data=form | {"client_secret": "guess"}, timeout=60
    )
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")


def test_the_limiter_is_off_until_it_is_set(mautic: MauticCaller) -> None:
    mautic.running.admin("POST", "/_settings", {"product": {"minute_limit": 2}})
    assert [mautic("GET", "/api/contacts").status_code for _ in range(3)] == [200, 200, 429]
    mautic.running.clock.forward(seconds=60)
    assert mautic("GET", "/api/contacts").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [("api_disabled", 403), ("unauthorized", 401), ("429", 429), ("500", 500), ("502", 502)],
)
def test_each_fault_of_the_table_answers_once_and_writes_nothing(
    mautic: MauticCaller, kind: str, status: int
) -> None:
    contact = mautic.make(1)
    mautic.fault(kind, count=1, retry_after=7)
    refused = mautic("PATCH", "/api/contacts/batch/edit", [{"id": contact, "leadops_score": 5}])
    assert refused.status_code == status
    assert refused.headers.get("Retry-After") == ("7" if kind == "429" else None)
    assert mautic.score(contact) is None


@pytest.mark.parametrize("follows", [True, False])
def test_a_contact_that_was_merged_is_the_one_that_is_left_but_for_a_batch(
    mautic: MauticCaller, follows: bool
) -> None:
    """LeadModel::getEntity asks the records of merges; getBatchEntities lists ids."""
    settings = {"product": {"follows_merges": follows}}
    assert mautic.running.admin("POST", "/_settings", settings).status_code == 200
    winner, loser = mautic.make(1), mautic.make(2)
    merged = mautic.running.admin("POST", f"/_ma/leads/{loser}/merge", {"into": winner})
    assert merged.ok, merged.text
    found = mautic("GET", f"/api/contacts/{loser}")
    edited = mautic("PATCH", f"/api/contacts/{loser}/edit", {"firstname": "Ada"})
    added = mautic.plus(loser, 3, "d1")
    if follows:
        assert found.json()["contact"]["id"] == edited.json()["contact"]["id"] == winner
        assert added.json() == {"success": 1}
    else:
        assert [answer.status_code for answer in (found, edited, added)] == [404] * 3
    rows = [{"id": loser, "firstname": "Bo"}, {"id": winner, "firstname": "Bo"}]
    assert mautic("PATCH", "/api/contacts/batch/edit", rows).json()["statusCodes"] == [404, 200]


def test_a_contact_is_found_by_its_address_and_erased(mautic: MauticCaller) -> None:
    contact = mautic.make(1)
    mautic.make(2)
    found = mautic("GET", "/api/contacts", params={"search": "email:1@a.example"}).json()
    assert (found["total"], list(found["contacts"])) == ("1", [str(contact)])
    assert mautic("DELETE", f"/api/contacts/{contact}/delete").status_code == 200
    assert mautic("GET", f"/api/contacts/{contact}").status_code == 404

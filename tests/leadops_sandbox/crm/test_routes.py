from typing import Any

import pytest

from ..conftest import Running


def make(sandbox: Running, key: str = "k1", **more: Any) -> str:
    body = {"email": "a@a.example", "company": "A", "source": "leadops", "idempotency_key": key} | more
    return str(sandbox.crm("POST", "/v1/leads", body).json()["id"])


def read_feed(sandbox: Running, after: str = "") -> dict[str, Any]:
    return dict(sandbox.crm("GET", f"/v1/activities?after={after}&limit=1000").json())


def test_a_lead_is_made_once_for_its_key(sandbox: Running) -> None:
    first = make(sandbox)
    assert make(sandbox) == first
    assert make(sandbox, "k2") != first
    conflict = {"email": "b@a.example", "idempotency_key": "k1"}
    assert sandbox.crm("POST", "/v1/leads", conflict).status_code == 409
    assert sandbox.admin("GET", "/_state").json()["crm"]["leads"] == 2


@pytest.mark.parametrize(
    "body",
    [{}, {"email": "a@a.example"}, {"email": "a@a.example", "idempotency_key": "k", "owner_id": "nobody"}],
)
def test_a_lead_that_lacks_something_is_422(sandbox: Running, body: dict[str, Any]) -> None:
    assert sandbox.crm("POST", "/v1/leads", body).status_code == 422


def test_a_lead_can_be_given_to_a_salesperson(sandbox: Running) -> None:
    lead = make(sandbox)
    assert sandbox.crm("PATCH", f"/v1/leads/{lead}", {"owner_id": "rep-02"}).json() == {"id": lead}
    reps = {rep["id"]: rep for rep in sandbox.crm("GET", "/v1/reps").json()["items"]}
    assert reps["rep-02"]["open_leads"] == 1
    assert sandbox.crm("PATCH", f"/v1/leads/{lead}", {"owner_id": "nobody"}).status_code == 422
    assert sandbox.crm("PATCH", "/v1/leads/L-1", {}).status_code == 404
    sandbox.crm("PATCH", f"/v1/leads/{lead}", {"status": "won"})
    assert all(rep["open_leads"] == 0 for rep in sandbox.crm("GET", "/v1/reps").json()["items"])


def test_salespeople_are_described(sandbox: Running) -> None:
    wanted = {"id", "name", "regions", "industries", "languages", "capacity_per_day", "open_leads"}
    wanted |= {"working_hours", "zone", "away"}
    items = sandbox.crm("GET", "/v1/reps").json()["items"]
    assert items
    assert all(set(rep) == wanted for rep in items)
    sandbox.admin("PUT", "/_crm/reps", {"items": [{"id": "r", "name": "R"}]})
    assert sandbox.crm("GET", "/v1/reps").json()["items"] == [{"id": "r", "name": "R", "open_leads": 0}]


def test_salespeople_work_what_they_get_and_the_feed_tells_each_step_once(sandbox: Running) -> None:
    sandbox.restart(sales_work=True)
    leads = {make(sandbox, f"k{n}") for n in range(20)}
    seen: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(48):
        sandbox.clock.forward(minutes=30)
        page = read_feed(sandbox, cursor)
        assert page["as_of"] == sandbox.clock.now.isoformat()
        assert all(item["occurred_at"] <= page["as_of"] for item in page["items"])
        seen += page["items"]
        cursor = page["cursor"]
    assert len({item["id"] for item in seen}) == len(seen) > 60
    assert seen == read_feed(sandbox)["items"]
    assert [item["occurred_at"] for item in seen] == sorted(item["occurred_at"] for item in seen)
    assert {item["lead_id"] for item in seen} <= leads
    assert {"taken", "bant", "lost"} <= {item.get("status") for item in seen}
    sandbox.restart(sales_work=True)
    assert read_feed(sandbox)["items"] == seen


def test_work_done_while_it_was_down_is_in_the_feed_with_its_true_time(sandbox: Running) -> None:
    sandbox.restart(sales_work=True, sales_late_share=0)
    for number in range(5):
        make(sandbox, f"k{number}")
    started = sandbox.clock.now
    sandbox.clock.forward(hours=12)
    sandbox.restart(sales_work=True)
    taken = [item["occurred_at"] for item in read_feed(sandbox)["items"] if item.get("status") == "taken"]
    sandbox.clock.now = started
    sandbox.clock.forward(minutes=10)
    assert taken
    assert max(taken) < sandbox.clock.now.isoformat()


def test_a_late_feed_stands_still_and_then_tells_all(sandbox: Running) -> None:
    lead = make(sandbox)
    sandbox.admin("POST", "/_settings", {"crm_feed_late": True})
    stands = sandbox.clock.now.isoformat()
    sandbox.clock.forward(minutes=7)
    call = {"lead_id": lead, "kind": "call", "rep_id": "rep-01"}
    made = sandbox.admin("POST", "/_crm/activities", call).json()
    assert read_feed(sandbox) == {"items": [], "cursor": "0", "as_of": stands}
    sandbox.admin("POST", "/_settings", {"crm_feed_late": True})
    assert read_feed(sandbox)["as_of"] == stands
    sandbox.admin("POST", "/_settings", {"crm_feed_late": False})
    feed = read_feed(sandbox)
    assert (feed["items"], feed["as_of"]) == ([made], sandbox.clock.now.isoformat())
    assert made["occurred_at"] == sandbox.clock.now.isoformat()


def test_the_feed_is_read_page_by_page(sandbox: Running) -> None:
    lead = make(sandbox)
    for kind in ("call", "mail", "meeting"):
        sandbox.admin("POST", "/_crm/activities", {"lead_id": lead, "kind": kind})
    seen, cursor = [], ""
    for _ in range(3):
        page = sandbox.crm("GET", f"/v1/activities?after={cursor}&limit=2").json()
        seen += [item["kind"] for item in page["items"]]
        cursor = page["cursor"]
    assert (seen, cursor) == (["call", "mail", "meeting"], "3")
    assert sandbox.crm("GET", "/v1/activities?after=x").status_code == 422


@pytest.mark.parametrize("wrong", [{"kind": "fax"}, {"kind": "status"}, {"lead_id": ""}])
def test_a_scripted_activity_must_make_sense(sandbox: Running, wrong: dict[str, Any]) -> None:
    body = {"lead_id": "L-1001", "kind": "call"} | wrong
    assert sandbox.admin("POST", "/_crm/activities", body).status_code == 422


def test_leads_are_listed_page_by_page(sandbox: Running) -> None:
    made = [make(sandbox, f"k{n}") for n in range(3)]
    sandbox.crm("PATCH", f"/v1/leads/{made[0]}", {"owner_id": "rep-02", "idempotency_key": "other"})
    first = sandbox.crm("GET", "/v1/leads?limit=2").json()
    rest = sandbox.crm("GET", f"/v1/leads?limit=2&after={first['cursor']}").json()
    assert rest["cursor"] is None
    items = first["items"] + rest["items"]
    assert [item["id"] for item in items] == made
    assert items[0] == {
        "id": made[0],
        "email": "a@a.example",
        "idempotency_key": "k0",
        "owner_id": "rep-02",
        "status": "new",
    }
    assert sandbox.crm("GET", "/v1/leads?after=x").status_code == 422


def test_what_a_person_said_of_mail_is_shown_and_an_activity_says_it_too(sandbox: Running) -> None:
    def show() -> list[Any]:
        leads = sandbox.crm("GET", "/v1/leads").json()["items"]
        return [lead.get("may_mail") for lead in leads]

    first, second = make(sandbox), make(sandbox, "k2")
    assert show() == [None, None]
    assert sandbox.crm("PUT", f"/v1/leads/{first}/consent", {"may_mail": False}).json() == {"id": first}
    sandbox.admin("POST", "/_crm/activities", {"lead_id": second, "kind": "opt_out"})
    assert show() == [False, False]
    sandbox.admin("POST", "/_crm/activities", {"lead_id": second, "kind": "opt_in"})
    sandbox.restart()
    assert show() == [False, True]
    assert sandbox.crm("PUT", f"/v1/leads/{first}/consent", {"may_mail": "no"}).status_code == 422
    assert sandbox.crm("PUT", "/v1/leads/L-1/consent", {"may_mail": False}).status_code == 404

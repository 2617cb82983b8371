"""Odoo's two ways in, its feed, and the work of sales; values written out by hand."""

from typing import Any

import pytest
import requests

from leadops_sandbox.products.odoo.domain import read_domain
from leadops_sandbox.products.odoo.errors import OdooError
from leadops_sandbox.settings import Tokens

from ...conftest import Running
from ..conftest import Serve


class JsonCaller:
    """Calls Odoo by JSON-2; every answer as it is."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def __call__(self, model: str, method: str, key: str = Tokens().crm, **named: Any) -> requests.Response:
        headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": "leadops"}
        url = f"{self.running.url}/json/2/{model}/{method}"
        return requests.post(url, json=named, headers=headers, timeout=60)

    def rpc(self, model: str, method: str, *args: Any, **named: Any) -> dict[str, Any]:
        call = ["leadops", 2, Tokens().crm, model, method, args, named]
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": 7,
            "params": {"service": "object", "method": "execute_kw", "args": call},
        }
        answer = requests.post(f"{self.running.url}/jsonrpc", json=body, timeout=60)
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told

    def make(self, number: int, **values: Any) -> int:
        vals = {"name": f"Lead {number}", "email_from": f"{number}@a.example"} | values
        return int(self("crm.lead", "create", vals_list=[vals]).json()[0])

    def fault(self, kind: str, **more: Any) -> None:
        rule = {"target": "odoo", "kind": kind} | more
        assert self.running.admin("POST", "/_faults", rule).status_code == 201

    def act(self, lead: int, kind: str, **more: Any) -> None:
        activity = {"lead_id": str(lead), "kind": kind, "rep_id": "rep-01"} | more
        assert self.running.admin("POST", "/_crm/activities", activity).status_code == 201


@pytest.fixture
def odoo(serve: Serve) -> JsonCaller:
    return JsonCaller(serve("odoo"))


def test_both_ways_in_have_one_world(odoo: JsonCaller) -> None:
    lead = odoo.make(1, x_leadops_score=3)
    rows = [[str(lead), "17"]]
    loaded = odoo("crm.lead", "load", fields=[".id", "x_leadops_score"], data=rows).json()
    assert loaded["ids"] == [lead]
    answer = odoo.rpc("crm.lead", "read", [lead], ["x_leadops_score", "email_from", "phone"])
    values = {"id": lead, "x_leadops_score": 17, "email_from": "1@a.example", "phone": False}
    assert answer == {"jsonrpc": "2.0", "id": 7, "result": [values]}
    assert odoo("crm.lead", "read", ids=[lead], fields=["x_leadops_score"]).json() == [
        {"id": lead, "x_leadops_score": 17}
    ]
    assert odoo.running.admin("GET", "/_state").json()["ma"]["sum_of_scores"] == 17


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [
        ("serialization_failure", "psycopg2.errors.SerializationFailure", 500),
        ("access_denied", "odoo.exceptions.AccessDenied", 401),
        ("access_error", "odoo.exceptions.AccessError", 403),
        ("rejected_rows", "odoo.exceptions.ValidationError", 422),
    ],
)
def test_each_fault_speaks_the_language_of_its_way_in(
    odoo: JsonCaller, kind: str, name: str, status: int
) -> None:
    lead = odoo.make(1)
    odoo.fault(kind, count=2)
    refused = odoo("crm.lead", "write", ids=[lead], vals={"x_leadops_score": 5})
    assert (refused.status_code, refused.json()["name"]) == (status, name)
    error = odoo.rpc("crm.lead", "write", [lead], {"x_leadops_score": 5})["error"]
    assert (error["code"], error["message"], error["data"]["name"]) == (200, "Odoo Server Error", name)
    assert odoo("crm.lead", "read", ids=[lead], fields=["x_leadops_score"]).json()[0]["x_leadops_score"] == 0
    assert odoo("crm.lead", "write", ids=[lead], vals={"x_leadops_score": 5}).json() is True


def test_a_wrong_key_and_a_missing_lead_have_a_status_in_json_2(odoo: JsonCaller) -> None:
    assert odoo("crm.lead", "search", key="guess", domain=[]).status_code == 401
    missing = odoo("crm.lead", "read", ids=[7], fields=["name"])
    assert (missing.status_code, missing.json()["name"]) == (404, "odoo.exceptions.MissingError")
    odoo.running.admin("POST", "/_settings", {"product": {"json_2": False, "version": "18.0"}})
    assert odoo("crm.lead", "search", domain=[]).status_code == 404
    version = requests.get(f"{odoo.running.url}/web/version", timeout=60).json()
    assert version["version_info"][:2] == [18, 0]


def test_a_feed_by_write_date_misses_what_commits_late(serve: Serve) -> None:
    late = {"feed_late_share": 1, "feed_late_seconds": 8}
    odoo = JsonCaller(serve("odoo", settings=late))
    lead = odoo.make(1)
    domain = [["write_date", ">=", "2026-07-01 01:00:00"]]
    assert odoo("crm.lead", "search", domain=domain).json() == []
    assert odoo("crm.lead", "search", domain=[]).json() == [lead]
    odoo.running.clock.forward(seconds=8)
    found = odoo("crm.lead", "search_read", domain=domain, fields=["write_date"]).json()
    assert found == [{"id": lead, "write_date": "2026-07-01 01:00:00"}]


def test_the_work_of_sales_is_messages_stages_and_an_owner(odoo: JsonCaller) -> None:
    users = odoo("res.users", "search_read", domain=[["login", "=", "aoi.tanaka@sales.example"]]).json()
    lead = odoo.make(1, user_id=users[0]["id"])
    odoo.act(lead, "call")
    odoo.act(lead, "status", status="taken")
    read = odoo("crm.lead", "read", ids=[lead], fields=["user_id", "stage_id"]).json()[0]
    assert read["user_id"] == [users[0]["id"], "Aoi Tanaka"]
    assert read["stage_id"] == [2, "Qualified"]
    fields = ["res_id", "mail_activity_type_id", "tracking_value_ids", "create_uid"]
    messages = odoo("mail.message", "search_read", domain=[], fields=fields, order="write_date, id").json()
    by = [users[0]["id"], "rep-01"]
    assert messages == [
        {
            "id": 1,
            "res_id": lead,
            "mail_activity_type_id": [2, "Call"],
            "tracking_value_ids": [],
            "create_uid": by,
        },
        {
            "id": 2,
            "res_id": lead,
            "mail_activity_type_id": False,
            "tracking_value_ids": [2],
            "create_uid": by,
        },
    ]
    tracked = odoo("mail.tracking.value", "read", ids=[2], fields=["old_value_char", "new_value_char"]).json()
    assert tracked == [{"id": 2, "old_value_char": "New", "new_value_char": "Qualified"}]
    odoo.act(lead, "status", status="lost")
    assert odoo("crm.lead", "search", domain=[]).json() == []
    hidden = odoo("crm.lead", "search_read", domain=[["active", "=", False]], fields=["stage_id"]).json()
    assert hidden == [{"id": lead, "stage_id": [2, "Qualified"]}]


def test_fields_say_who_may_write_them(odoo: JsonCaller) -> None:
    shown = odoo("crm.lead", "fields_get", allfields=["x_leadops_score", "write_date"]).json()
    assert (shown["x_leadops_score"]["type"], shown["x_leadops_score"]["readonly"]) == ("integer", False)
    assert shown["write_date"]["readonly"] is True


ROW = {"name": "Acme", "score": 7, "user_id": [5, "Aoi"], "phone": False, "active": True}


@pytest.mark.parametrize(
    ("domain", "holds"),
    [
        ([], True),
        ([["name", "ilike", "ac"], ["score", ">", 6]], True),
        ([["score", ">", 7]], False),
        (["|", ["score", "=", 1], ["user_id", "=", 5]], True),
        (["!", ["phone", "=", False]], False),
        (["&", "|", ["score", "=", 1], ["score", "=", 7], ["active", "=", False]], False),
        ([["user_id", "in", [5, 6]], ["score", "not in", [1]]], True),
        ([["phone", "!=", False]], False),
        ([["phone", "<", 5]], False),
    ],
)
def test_domains_by_hand(domain: list[Any], holds: bool) -> None:
    assert read_domain(domain)(ROW.get) is holds


def test_what_is_not_a_domain_is_refused() -> None:
    for broken in ("x", ["|", ["a", "=", 1]], [["a", "~", 1]], [["a", "="]]):
        with pytest.raises(OdooError):
            read_domain(broken)

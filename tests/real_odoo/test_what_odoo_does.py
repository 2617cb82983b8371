"""What Odoo does, as far as leadops relies on it; each fact was seen on Odoo 14 and is checked here again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from xmlrpc.client import ServerProxy

import pytest

from tests.real_odoo.conftest import SESSION, OdooCaller, OdooError


def make_leads(odoo: OdooCaller, count: int, name: str) -> list[int]:
    rows = [{"name": f"{name} {n}", "email_from": f"{name}-{n}@customer.example"} for n in range(count)]
    leads: list[int] = odoo.run("crm.lead", "create", rows)
    return leads


def read_scores(odoo: OdooCaller, leads: list[int]) -> list[int]:
    rows = odoo.run("crm.lead", "read", leads, ["x_leadops_score"])
    return [row["x_leadops_score"] for row in rows]


def test_another_client_finds_the_same_lead(odoo: OdooCaller, odoo_url: str) -> None:
    (lead,) = make_leads(odoo, 1, "another")
    user = ServerProxy(f"{odoo_url}/xmlrpc/2/common").authenticate(SESSION, "admin", "admin", {})
    rows = ServerProxy(f"{odoo_url}/xmlrpc/2/object").execute_kw(
        SESSION, user, "admin", "crm.lead", "read", [[lead], ["email_from"]]
    )
    assert rows == [{"id": lead, "email_from": "another-0@customer.example"}]


@pytest.mark.parametrize(
    ("model", "method", "arguments", "error"),
    [
        ("crm.lead", "write", ([999_999_999], {"x_leadops_score": 1}), "odoo.exceptions.MissingError"),
        ("crm.lead", "create", ({"name": "x", "x_nothing": 1},), "builtins.ValueError"),
        ("crm.nothing", "search", ([],), "odoo.exceptions.UserError"),
        ("crm.lead", "nothing", ([],), "builtins.AttributeError"),
    ],
)
def test_every_error_is_answered_with_200(
    odoo: OdooCaller, model: str, method: str, arguments: tuple[object, ...], error: str
) -> None:
    with pytest.raises(OdooError) as raised:
        odoo.run(model, method, *arguments)
    assert raised.value.args[0] == error


def test_a_wrong_password_is_no_error_of_http(odoo: OdooCaller) -> None:
    assert odoo.ask("common", "login", SESSION, "admin", "wrong") is False
    with pytest.raises(OdooError) as raised:
        odoo.ask("object", "execute_kw", SESSION, odoo.user, "wrong", "crm.lead", "search", [[]])
    assert raised.value.args[0] == "odoo.exceptions.AccessDenied"


def test_load_sets_many_scores_and_a_repeat_changes_nothing(odoo: OdooCaller) -> None:
    leads = make_leads(odoo, 100, "many")
    rows = [[str(lead), str(number)] for number, lead in enumerate(leads)]
    for _ in range(2):
        answer = odoo.run("crm.lead", "load", [".id", "x_leadops_score"], rows)
        assert answer["ids"] == leads
        assert not answer["messages"]
    assert read_scores(odoo, leads) == list(range(100))


def test_load_writes_nothing_when_one_row_is_bad(odoo: OdooCaller) -> None:
    leads = make_leads(odoo, 3, "bad")
    rows = [[str(leads[0]), "1"], [str(leads[1]), "many"], [str(leads[2]), "3"]]
    answer = odoo.run("crm.lead", "load", [".id", "x_leadops_score"], rows)
    assert answer["ids"] is False
    assert [message["record"] for message in answer["messages"]] == [1]
    assert read_scores(odoo, leads) == [0, 0, 0]


def test_load_names_no_row_for_a_lead_that_is_gone(odoo: OdooCaller) -> None:
    leads = make_leads(odoo, 2, "gone")
    odoo.run("crm.lead", "unlink", [leads[0]])
    rows = [[str(leads[0]), "1"], [str(leads[1]), "2"]]
    answer = odoo.run("crm.lead", "load", [".id", "x_leadops_score"], rows)
    assert answer["ids"] is False
    assert read_scores(odoo, [leads[1]]) == [0]


def test_an_id_of_ours_makes_one_lead_however_often_it_is_sent(odoo: OdooCaller) -> None:
    rows = [["leadops.lead_17", "Seventeen", "seventeen@customer.example"]]
    made = [odoo.run("crm.lead", "load", ["id", "name", "email_from"], rows)["ids"] for _ in range(2)]
    assert made[0] == made[1]
    assert odoo.run("crm.lead", "search_count", [["email_from", "=", "seventeen@customer.example"]]) == 1


def test_of_six_callers_at_once_with_an_id_of_ours_one_makes_the_lead(
    odoo: OdooCaller, odoo_url: str
) -> None:
    rows = [["leadops.lead_18", "Eighteen", "eighteen@customer.example"]]

    def load(_: int) -> bool:
        try:
            return bool(
                OdooCaller(odoo_url).run("crm.lead", "load", ["id", "name", "email_from"], rows)["ids"]
            )
        except OdooError:
            return False

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(load, range(6)))
    assert any(outcomes)
    assert odoo.run("crm.lead", "search_count", [["email_from", "=", "eighteen@customer.example"]]) == 1


def test_a_lost_lead_is_archived_and_hides_from_a_search(odoo: OdooCaller) -> None:
    leads = make_leads(odoo, 1, "lost")
    odoo.run("crm.lead", "action_set_lost", leads)
    asked = [["id", "=", leads[0]]]
    assert odoo.run("crm.lead", "search", asked) == []
    assert odoo.run("crm.lead", "search", asked, context={"active_test": False}) == leads


def test_a_merge_deletes_the_younger_lead(odoo: OdooCaller) -> None:
    older, younger = make_leads(odoo, 2, "merged")
    merge = odoo.run("crm.merge.opportunity", "create", {"opportunity_ids": [[6, 0, [older, younger]]]})
    odoo.run("crm.merge.opportunity", "action_merge", [merge])
    assert odoo.run("crm.lead", "exists", [older, younger]) == [older]


def test_a_change_carries_the_start_of_its_transaction_in_whole_seconds(odoo: OdooCaller) -> None:
    """So a feed that starts at the newest stamp misses what was committed late."""
    slow, quick = make_leads(odoo, 2, "late")
    many = make_leads(odoo, 300, "slow")
    started = threading.Event()

    def write_slowly() -> None:
        started.set()
        rows = [[str(lead), "7"] for lead in (slow, *many)]
        odoo_slow.run("crm.lead", "load", [".id", "x_leadops_score"], rows)

    odoo_slow = OdooCaller(str(odoo.http.base_url))
    thread = threading.Thread(target=write_slowly)
    thread.start()
    started.wait()
    time.sleep(1.2)
    odoo.run("crm.lead", "write", [quick], {"x_leadops_score": 8})
    newest = odoo.run("crm.lead", "read", [quick], ["write_date"])[0]["write_date"]
    thread.join()
    stamp = odoo.run("crm.lead", "read", [slow], ["write_date"])[0]["write_date"]
    assert len(stamp) == len("2026-01-31 12:00:00")
    assert stamp < newest

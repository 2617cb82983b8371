"""leadops against a real Odoo: leads made, owned, scored, read and merged."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from leadops.products.odoo.odoo_product import OdooProduct
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import EffectRow, RowState, TotalRow
from leadops.settings import Endpoint
from tests.products.odoo.odoo_desk import OdooDesk
from tests.real_odoo.conftest import SESSION, OdooCaller

SERIAL = itertools.count(1)


@pytest.fixture
def desk(odoo: OdooCaller, odoo_url: str, database_url: str) -> OdooDesk:
    """A database that delivers to Odoo as its administrator, and reads it."""
    return OdooDesk(database_url, odoo_url, database=SESSION, login="admin", token="admin")


@pytest.fixture
def rep(odoo: OdooCaller) -> str:
    """Somebody in sales."""
    number = next(SERIAL)
    name = f"rep{number}@acme.example"
    made: int = odoo.run("res.users", "create", {"name": f"Rep {number}", "login": name, "tz": "Asia/Tokyo"})
    return str(made)


def lead_in_odoo(desk: OdooDesk, odoo: OdooCaller) -> tuple[int, int]:
    """A lead of ours that is in Odoo: our id and Odoo's."""
    lead = desk.add_lead()
    desk.wish_lead(lead)
    desk.push_to("crm")
    return lead, int(desk.external_id(lead))


def send(endpoint: Endpoint, effect: EffectRow) -> RowState:
    """Send an effect as a process of its own does."""
    client = ProductClient(endpoint)
    outcome = client.send(client.product.make_effect_call(effect))
    client.close()
    body = getattr(outcome, "body", None)
    return client.product.read_effect_answer(body, effect).state if body is not None else RowState.AGAIN


def test_a_lead_is_made_owned_and_read_back(desk: OdooDesk, odoo: OdooCaller, rep: str) -> None:
    lead, number = lead_in_odoo(desk, odoo)
    assert desk.read(lead, "user_id") is False
    desk.wish("set_owner", lead, owner_id=rep)
    desk.push_to("crm")
    assert desk.read(lead, "user_id")[0] == int(rep)
    qualified = odoo.run("crm.stage", "search", [["name", "=", "Qualified"]])[0]
    odoo.run("crm.lead", "write", [number], {"stage_id": qualified})
    call, meeting = (
        odoo.run("mail.activity.type", "search", [["name", "=", name]])[0] for name in ("Call", "Meeting")
    )
    model = odoo.run("ir.model", "search", [["model", "=", "crm.lead"]])[0]
    planned = {"res_id": number, "res_model_id": model, "date_deadline": "2027-01-05"}
    done, _ = odoo.run(
        "mail.activity",
        "create",
        [planned | {"activity_type_id": call}, planned | {"activity_type_id": meeting}],
    )
    odoo.run("mail.activity", "action_feedback", [done], feedback="spoken")
    said = {"body": "hello", "message_type": "comment", "subtype_xmlid": "mail.mt_comment"}
    odoo.run("crm.lead", "message_post", [number], **said)
    result = desk.poll()
    assert result.refused == 0
    assert result.as_of is not None
    # A lead that is lost loses what is planned for it.
    odoo.run("crm.lead", "action_set_lost", [number])
    assert desk.poll().activities == 1
    found = {row[:2] for row in desk.activities("kind", "status", "crm_lead_id") if row[2] == str(number)}
    assert found == {
        ("note", None),
        ("status", "taken"),
        ("call", None),
        ("task", None),
        ("mail", None),
        ("status", "lost"),
    }
    with desk.connect() as connection:
        profiles = dict(connection.execute("select rep_id, profile from crm.reps").fetchall())
        details = connection.execute("select details from crm.activities where kind = 'task'").fetchall()
    assert profiles[rep]["zone"] == "Asia/Tokyo"
    assert profiles[rep]["active"] is True
    assert ({"planned": "meeting", "due": "2027-01-05", "next_meeting_at": "2027-01-05"},) in details
    assert desk.poll().activities == 0


def test_totals_are_set_whoever_is_lost_or_gone(desk: OdooDesk, odoo: OdooCaller) -> None:
    leads = [desk.add_lead() for _ in range(4)]
    for lead in leads:
        desk.score(lead, 10 + lead)
    desk.push()
    numbers = [int(desk.external_id(lead, target="ma")) for lead in leads]

    def read() -> list[int]:
        rows = odoo.run("crm.lead", "search_read", [["id", "in", numbers]], ["x_leadops_score"], order="id")
        return [row["x_leadops_score"] for row in rows]

    odoo_all = {"active_test": False}
    assert read() == [11, 12, 13, 14]
    # Lead 2 is lost, lead 3 is deleted; all get points at once.
    odoo.run("crm.lead", "action_set_lost", [numbers[1]])
    odoo.run("crm.lead", "unlink", [numbers[2]])
    for lead in leads:
        desk.score(lead, -5)
    desk.push()
    rows = odoo.run(
        "crm.lead", "search_read", [["id", "in", numbers]], ["x_leadops_score"], order="id", context=odoo_all
    )
    assert [row["x_leadops_score"] for row in rows] == [6, 7, 9]
    assert [desk.presence(lead) for lead in leads] == ["present", "present", "gone", "present"]
    assert desk.value("select count(*) from delivery.dead_letters") == 0
    found = desk.audit()
    assert not found.differences


def test_an_address_is_one_lead_whoever_makes_it_first(desk: OdooDesk, odoo: OdooCaller) -> None:
    address = f"six{next(SERIAL)}@buyer.example"
    effect = EffectRow("crm", "create_lead", 1, None, {"email": address, "idempotency_key": "n-crm-lead-1-1"})
    with ThreadPoolExecutor(6) as pool:
        states = list(pool.map(lambda _: send(desk.endpoint, effect), range(6)))
    assert RowState.DONE in states
    assert set(states) <= {RowState.DONE, RowState.AGAIN}
    assert send(desk.endpoint, effect) is RowState.DONE
    assert odoo.run("crm.lead", "search_count", [["email_from", "=", address]]) == 1
    later = EffectRow("crm", "create_lead", 1, None, {"email": address, "idempotency_key": "n-crm-lead-1-2"})
    assert send(desk.endpoint, later) is RowState.DONE
    assert odoo.run("crm.lead", "search_count", [["email_from", "=", address]]) == 2


def test_one_bad_row_is_named_and_the_others_go_out_again(desk: OdooDesk, odoo: OdooCaller) -> None:
    ids = [lead_in_odoo(desk, odoo)[1] for _ in range(3)]
    odoo.run("crm.lead", "unlink", [ids[1]])
    odoo.run("crm.lead", "action_set_lost", [ids[2]])
    client = ProductClient(desk.endpoint)

    def set_totals(rows: list[TotalRow]) -> dict[int, RowState]:
        answer = client.send(client.product.make_total_call(rows))
        results = client.product.read_total_answer(getattr(answer, "body", None), rows)
        return {lead: result.state for lead, result in results.items()}

    rows = [TotalRow(7, place, str(number), 10 + place) for place, number in enumerate(ids)]
    assert set_totals(rows) == {0: RowState.AGAIN, 1: RowState.GONE, 2: RowState.AGAIN}
    assert set_totals([rows[0], rows[2]]) == {0: RowState.DONE, 2: RowState.DONE}
    scores = odoo.run("crm.lead", "read", [ids[0], ids[2]], ["x_leadops_score"])
    assert [row["x_leadops_score"] for row in scores] == [10, 12]
    client.close()


def test_a_merged_lead_goes_on_under_the_other(desk: OdooDesk, odoo: OdooCaller, rep: str) -> None:
    (first, older), (lead, younger) = lead_in_odoo(desk, odoo), lead_in_odoo(desk, odoo)
    desk.score(first, 20)
    desk.score(lead, 3)
    desk.push()
    desk.poll()
    merge = odoo.run("crm.merge.opportunity", "create", {"opportunity_ids": [[6, 0, [older, younger]]]})
    odoo.run("crm.merge.opportunity", "action_merge", [merge])
    (survivor,) = odoo.run("crm.lead", "exists", [older, younger])
    assert survivor == older
    # The call on the lead that is gone waits until the feed has told of the merge.
    desk.wish("set_owner", lead, owner_id=rep)
    desk.push_to("crm", seconds=1)
    assert desk.value("select state from delivery.outbox where operation = 'set_owner'") == "sending"
    desk.poll()
    due = "update delivery.outbox set not_before = now() where state = 'sending' returning 1"
    assert desk.value(due) == 1
    desk.push_to("crm")
    assert desk.value("select state from delivery.outbox where operation = 'set_owner'") == "done"
    assert odoo.run("crm.lead", "read", [survivor], ["user_id"])[0]["user_id"][0] == int(rep)
    # Odoo is the MA too: the score of the lead that goes on is that of both.
    desk.push()
    assert odoo.run("crm.lead", "read", [survivor], ["x_leadops_score"])[0]["x_leadops_score"] == 23
    desk.score(lead, 4)
    desk.push()
    assert odoo.run("crm.lead", "read", [survivor], ["x_leadops_score"])[0]["x_leadops_score"] == 27
    assert desk.value("select into_id from crm.merged_leads where gone_id = %s", str(younger)) == str(older)


def test_a_long_transaction_is_seen_whole(desk: OdooDesk, odoo: OdooCaller) -> None:
    """400 leads change in one transaction; meanwhile another lead changes, and the feed goes on to it."""
    rows = [{"name": f"long {n}", "email_from": f"long{n}@customer.example"} for n in range(400)]
    leads = odoo.run("crm.lead", "create", rows)
    quick = odoo.run("crm.lead", "create", {"name": "quick"})
    desk.poll()
    qualified = odoo.run("crm.stage", "search", [["name", "=", "Qualified"]])[0]
    slow = OdooCaller(str(odoo.http.base_url))
    slow.http.timeout = 300
    thread = threading.Thread(target=slow.run, args=("crm.lead", "write", leads, {"stage_id": qualified}))
    thread.start()
    time.sleep(1.5)
    odoo.run("crm.lead", "write", [quick], {"stage_id": qualified})
    desk.poll()
    cursor = desk.value("select cursor from crm.feeds")
    was_open = thread.is_alive()
    thread.join()
    known = [str(number) for number in (*leads, quick)]
    taken = (
        "select count(distinct crm_lead_id) from crm.activities"
        " where status = 'taken' and crm_lead_id = any(%s)"
    )
    before = desk.value(taken, known)
    desk.poll()
    after = desk.value(taken, known)
    stamps = odoo.run(
        "mail.message", "search_read", [["res_id", "=", leads[0]]], ["write_date"], order="id desc", limit=1
    )
    assert was_open
    assert before == 1
    assert stamps[0]["write_date"].replace(" ", "T") <= cursor
    assert after == 401
    assert desk.value("select count(*) from crm.refused") == 0


def test_a_wrong_key_and_a_wrong_database_are_our_own_fault(desk: OdooDesk) -> None:
    effect = EffectRow("crm", "create_lead", 1, None, {"email": "x@buyer.example"})
    for changes in ({"token": "wrong"}, {"extra": {"product": "odoo", "database": "nothing"}}):
        client = ProductClient(desk.endpoint.model_copy(update=changes))
        assert isinstance(client.product, OdooProduct)
        outcome = client.send(client.product.make_effect_call(effect))
        assert getattr(outcome, "concerns_caller", False), outcome
        client.close()

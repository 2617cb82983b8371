"""Somebody deletes a lead in the MA: from events over scoring, push, MQL and incident to its return."""

from datetime import timedelta

import requests

from leadops.delivery.audit import audit_scores
from leadops.delivery.checks import CHECKS
from leadops.incidents.run_checks import run_checks
from leadops.products.product_client import ProductClient
from leadops.sla.sla_policy import SlaCalendar
from tests.identity.test_resolve import seen
from tests.integration.test_joined_mql import Shop, shop
from tests.shipped import SHIPPED

__all__ = ["shop"]


def incidents(shop: Shop, minutes: int = 0) -> list[tuple[str, str]]:
    """Check, and return which incidents are open."""
    shop.now += timedelta(minutes=minutes)
    run_checks(
        shop.world.connection,
        CHECKS,
        settings=SHIPPED.alerts,
        calendar=SlaCalendar(SHIPPED.sla),
        now=shop.now,
    )
    return shop.rows("select kind, subject from incidents.incidents where state = 'open'")


def in_ma(shop: Shop) -> dict[str, int]:
    """The leads of the MA, by address, with their scores."""
    client = ProductClient(shop.endpoint("ma"))
    leads = {
        lead.email: lead.score for lead in client.iterate_leads() if lead.email and lead.score is not None
    }
    client.transport.close()
    return leads


def count_differences(shop: Shop) -> tuple[int, int, int]:
    client = ProductClient(shop.endpoint("ma"))
    result = audit_scores(shop.world.connection, client, max_missing=100, now=shop.now)
    client.transport.close()
    return len(result.differences), result.under_way, result.gone


def test_a_deleted_lead_waits_in_silence_and_comes_back_as_mql(shop: Shop) -> None:
    shop.run([seen("first", email="a@x.example"), seen("other", email="b@x.example")])
    assert in_ma(shop) == {"a@x.example": 50, "b@x.example": 50}
    ((ma_id,),) = shop.rows(
        "select external_id from delivery.external_ids"
        " where target = 'ma' and lead_id = (select lead_id from identity.leads where email = 'a@x.example')"
    )
    requests.post(f"{shop.url}/_ma/leads/{ma_id}/delete", json={}, timeout=60).raise_for_status()

    shop.run([seen("second", email="a@x.example"), seen("third", email="b@x.example")])
    shop.run()
    assert in_ma(shop) == {"b@x.example": 100}, "a page view does not undo what somebody deleted"
    assert count_differences(shop) == (0, 0, 1)
    assert incidents(shop) == [("leads_gone", "ma")]
    assert shop.rows("select count(*) from delivery.dead_letters") == [(0,)]

    told = seen("told", event="identify", email="a@x.example", properties={"industry": "mining"})
    shop.run([told])
    assert shop.rows("select stage from lifecycle.transitions") == [("mql",)]
    shop.run()
    assert in_ma(shop) == {"a@x.example": 130, "b@x.example": 100}
    assert count_differences(shop) == (0, 0, 0)
    incidents(shop)
    assert incidents(shop, minutes=4) == []

"""Whatever happens on the wire, a product has the total that it was sent last, and the world counts along."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import requests

from ..conftest import Running
from .conftest import Serve
from .hubspot.conftest import AT_ONCE, HubSpotCaller
from .marketo.conftest import MarketoCaller
from .mautic.test_face import MauticCaller
from .odoo.test_face import JsonCaller
from .salesforce.conftest import SalesforceCaller, lead

#: Sets the score of the lead with this number of ours.
SetTotal = Callable[[int, int], Any]


def by_hubspot(running: Running) -> SetTotal:
    hubspot = HubSpotCaller(running)
    made = [hubspot.make(number) for number in range(3)]
    return lambda number, total: hubspot.batch(
        "update", {"id": made[number], "properties": {"leadops_score": str(total)}}
    )


def by_salesforce(running: Running) -> SetTotal:
    salesforce = SalesforceCaller(running)
    for number in range(3):
        salesforce.make(number)
    return lambda number, total: salesforce.upsert(lead(number, LeadOps_Score__c=total))


def by_marketo(running: Running) -> SetTotal:
    marketo = MarketoCaller(running)
    made = [marketo.make(number) for number in range(3)]

    def set_total(number: int, total: int) -> requests.Response:
        rows = [{"id": made[number], "leadopsScore": total}]
        body = {"action": "updateOnly", "lookupField": "id", "input": rows}
        return marketo.raw("POST", "/rest/v1/leads.json", body)

    return set_total


def by_odoo(running: Running) -> SetTotal:
    odoo = JsonCaller(running)
    made = [odoo.make(number) for number in range(3)]
    fields = [".id", "x_leadops_score"]
    return lambda number, total: odoo(
        "crm.lead", "load", fields=fields, data=[[str(made[number]), str(total)]]
    )


def by_mautic(running: Running) -> SetTotal:
    mautic = MauticCaller(running)
    made = [mautic.make(number) for number in range(3)]
    return lambda number, total: mautic(
        "PATCH", "/api/contacts/batch/edit", [{"id": made[number], "leadops_score": total}]
    )


PRODUCTS = {
    "hubspot": by_hubspot,
    "salesforce": by_salesforce,
    "marketo": by_marketo,
    "odoo": by_odoo,
    "mautic": by_mautic,
}


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_total_is_the_one_that_was_sent_last(serve: Serve, product: str, seed: int) -> None:
    running = serve(product, settings=AT_ONCE if product == "hubspot" else None)
    set_total, dice = PRODUCTS[product](running), Random(seed)
    wanted = [0, 0, 0]
    for _ in range(25):
        number, total = dice.randrange(3), dice.randrange(-50, 100)
        fault = dice.choice([None, None, "reset_before", "reset_after", "half_answer", "500"])
        if fault is not None:
            rule = {"target": product, "kind": fault, "count": 1}
            assert running.admin("POST", "/_faults", rule).status_code == 201
        try:
            set_total(number, total)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            assert fault is not None
        if fault not in ("reset_before", "500"):
            wanted[number] = total
        assert running.admin("GET", "/_state").json()["ma"]["sum_of_scores"] == sum(wanted)
    ids = [48_211 + 7 * number for number in range(3)]
    assert [running.ma("GET", f"/api/leads/{one}").json()["score"] for one in ids] == wanted
    running.restart(product=product)
    assert [running.ma("GET", f"/api/leads/{one}").json()["score"] for one in ids] == wanted

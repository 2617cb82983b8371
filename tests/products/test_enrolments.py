"""Programmes in each product: whatever happens to calls, its automation begins once for a lead and step.

What happened is read by the sandbox's own route: the stand-ins begin their automations as the vendors do, by
the change of a field, by a request, by a membership. So a repetition that does harm is seen there twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.dead_letters import list_dead_letters
from leadops.delivery.outbox import enqueue_effect
from leadops.lanes import Lane
from leadops.products.enrolment import ProgrammeStep
from leadops_sandbox.products.salesforce.ids import make_id
from tests.products.stand_in import ProductDelivery, StandIn, serve_product
from tests.promises import promise_examples

COMPARISON, ROI = "pricing_page.comparison", "pricing_page.roi"
#: What each product's marketers have made: the stand-in's settings, then the ids of the two steps.
MADE: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "hubspot": (
        {"workflows": {"501": {"begins_with": COMPARISON}, "502": {"begins_with": ROI}}},
        ("501", "502"),
    ),
    "marketo": (
        {"campaigns": {"1001": {"rule": "interval", "days": 30}, "1002": {"rule": "once"}}},
        ("1001", "1002"),
    ),
    "mautic": (
        {"segments": {"12": {"begins_with": COMPARISON}, "13": {"begins_with": ROI}}},
        ("12", "13"),
    ),
    "odoo": ({"tags": {"12": "Comparison", "13": "ROI"}}, ("12", "13")),
    "salesforce": (
        {"campaigns": {"1": {}, "2": {}}},
        (make_id("Campaign", 1), make_id("Campaign", 2)),
    ),
}
#: Faults of the wire that every stand-in knows.
FAULTS = ["reset_before", "reset_after", "half_answer", "500", "429"]


@dataclass
class Programmes:
    """A product with two steps of a programme, and a delivery to it."""

    desk: ProductDelivery
    stand_in: StandIn

    def want(self, lead: int, operation: str, key: str, **values: Any) -> None:
        with self.desk.connect() as connection:
            enqueue_effect(
                connection,
                target="ma",
                operation=operation,
                payload=values,
                idempotency_key=key,
                lead_id=lead,
                now=self.desk.now,
            )

    def enrol(self, lead: int, step: str = "comparison", *, cycle: int = 1) -> None:
        self.want(
            lead,
            "enrol_lead",
            f"nurture:{lead}:{step}:{cycle}",
            programme="pricing_page",
            step=step,
            message_key=f"pricing.{step}.v1",
            language="ja",
            subject="他社との違い",
            preview="三つの点",
            depth=None,
            cycle=cycle,
        )

    def finish(self) -> None:
        """Push until nothing waits, past every pause and look-up."""
        for minutes in [1] * 7 + [10] * 10:
            self.desk.push(seconds=5)
            if not self.desk.value(
                "select count(*) from delivery.outbox where state in ('pending', 'sending')"
            ):
                return
            self.desk.now += timedelta(minutes=minutes)

    def runs(self, lead: int) -> list[str]:
        """What the product's automations did with a lead, by step or by id."""
        own = int(self.stand_in_id(lead))
        return [
            found["program"] if self.desk.extra["product"] == "marketo" else found["step"]
            for found in self.stand_in.enrolments()
            if found["leadId"] == own
        ]

    def stand_in_id(self, lead: int) -> str:
        """The number of a lead in the sandbox's world, whichever id the product shows."""
        address = self.desk.value("select email from identity.leads where lead_id = %s", lead)
        (number,) = [number for number, found in self.stand_in.leads().items() if found["email"] == address]
        return number

    def letters(self) -> list[str]:
        with self.desk.connect() as connection:
            return [str(letter.reason) for letter in list_dead_letters(connection)]


@pytest.fixture(scope="module", params=list(MADE))
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def programmes(product: str, database_url: str, tmp_path: Path) -> Iterator[Programmes]:
    made, ids = MADE[product]
    extra = {"database": "leadops"} if product == "odoo" else {}
    with serve_product(tmp_path / product, database_url, product, extra=extra, **made) as (desk, stand_in):
        section = getattr(desk.products, product)
        steps = {"pricing_page": dict(zip(("comparison", "roi"), ids, strict=True))}
        enrolments = section.enrolments.model_copy(update={"steps": steps})
        own = section.model_copy(update={"enrolments": enrolments})
        desk.products = desk.products.model_copy(update={product: own})
        yield Programmes(desk, stand_in)


def name_runs(product: str, *steps: str) -> list[str]:
    """What `runs` shows of these steps."""
    ids = dict(zip(("comparison", "roi"), MADE[product][1], strict=True))
    return [ids[step] if product == "marketo" else step for step in steps]


def kill_after_claim(desk: ProductDelivery) -> None:
    """A process claims what it finds, and is killed before it sends anything."""
    client = desk.client()
    values = {"product": client.product, "target": "ma", "lane": Lane.LIVE, "now": desk.now}
    with desk.connect() as connection:
        claim_effects(connection, limit=9, **values)
    client.close()


def test_each_fault_and_a_kill_leave_one_run_for_each_step(programmes: Programmes, product: str) -> None:
    desk = programmes.desk
    leads = [desk.add_lead() for _ in range(len(FAULTS) + 1)]
    programmes.finish()
    for fault, lead in zip(["kill", *FAULTS], leads, strict=True):
        programmes.enrol(lead)
        if fault == "kill":
            kill_after_claim(desk)
            desk.now += timedelta(minutes=2)
        else:
            programmes.stand_in.fault(fault)
        desk.push(seconds=1)
    programmes.finish()
    assert programmes.letters() == []
    assert [programmes.runs(lead) for lead in leads] == [name_runs(product, "comparison")] * len(leads)


def test_steps_and_cycles_begin_each_for_itself_and_do_not_overwrite_each_other(
    programmes: Programmes, product: str
) -> None:
    """Two messages at once: where the lead carries them, the second waits. What else is wanted does not."""
    desk = programmes.desk
    lead = desk.add_lead()
    programmes.finish()
    programmes.enrol(lead)
    programmes.enrol(lead, "roi")
    programmes.want(lead, "opt_out_lead", "n1", said_at="2026-07-01T01:00:00+00:00", said_by="crm")
    desk.push(seconds=5)
    is_spaced = product in ("hubspot", "mautic")
    assert programmes.runs(lead) == name_runs(product, *["comparison", "roi"][: 1 if is_spaced else 2])
    assert programmes.stand_in.leads()[programmes.stand_in_id(lead)]["may_mail"] is False
    desk.now += timedelta(days=31)
    programmes.finish()
    programmes.enrol(lead, cycle=2)
    desk.now += timedelta(minutes=61)
    programmes.finish()
    assert programmes.letters() == []
    assert programmes.runs(lead) == name_runs(product, "comparison", "roi", "comparison")
    (first, *_) = programmes.stand_in.enrolments()
    told = set(map(str, first["fields"].values()))
    assert {"pricing.comparison.v1", "ja", "他社との違い", "三つの点"} <= told


@pytest.mark.parametrize("product", ["marketo"], indirect=True)
def test_a_right_that_only_enrolments_need_stops_enrolments_alone(programmes: Programmes) -> None:
    desk = programmes.desk
    lead = desk.add_lead()
    programmes.finish()
    programmes.stand_in.fault("603", path="/rest/v1/campaigns/*", count=None)
    programmes.enrol(lead)
    programmes.enrol(lead, "roi")
    programmes.want(lead, "set_fields", "n1", fields={"firstName": "Ada"})
    desk.score(lead, 5)
    desk.push(seconds=5)
    reason = desk.value("select reason from delivery.refused_operations")
    assert "needs the right Execute Campaign (Marketo 603" in reason
    assert programmes.stand_in.leads()[programmes.stand_in_id(lead)]["score"] == 5
    assert desk.value("select paused_until from delivery.targets where target = 'ma'") is None
    states = "select array_agg(state order by outbox_id) from delivery.outbox where operation = 'enrol_lead'"
    assert desk.value(states) == ["pending", "pending"]
    programmes.stand_in.heal()
    programmes.finish()
    assert programmes.letters() == []
    assert programmes.runs(lead) == name_runs("marketo", "comparison", "roi")
    assert desk.value("select count(*) from delivery.refused_operations") == 0


def test_a_merged_lead_gets_the_message_as_the_lead_that_is_left(
    programmes: Programmes, product: str
) -> None:
    desk = programmes.desk
    kept, lost = desk.add_lead(), desk.add_lead()
    programmes.finish()
    survivor = programmes.stand_in_id(kept)
    programmes.stand_in.merge(programmes.stand_in_id(lost), survivor)
    programmes.enrol(lost)
    programmes.finish()
    found = [(found["leadId"], found["program"]) for found in programmes.stand_in.enrolments()]
    assert [lead for lead, _ in found] == ([] if product == "odoo" else [int(survivor)])
    # Odoo forgets the lead, and tells the merge in its feed alone: the enrolment waits for that.
    assert programmes.letters() == []


def test_what_was_made_is_known_before_anything_is_sent(programmes: Programmes, product: str) -> None:
    desk, names = programmes.desk, ("comparison", "roi", "security")
    places = [ProgrammeStep("pricing_page", step) for step in names]
    client = desk.client()
    try:
        adapter = client.product
        gaps = [adapter.find_enrolment_gap(place) for place in places]
        assert gaps[:2] == [None, None]
        assert f"{product}.enrolments.steps of products.yaml" in str(gaps[2])
        lines = {line.subject: line for line in adapter.check_enrolments(places, client.send)}
        states = [str(lines[f"step {place}"].state) for place in places]
        assert states == ["ok", "ok", "change"], [str(line) for line in lines.values()]
        fields = [str(line.state) for subject, line in lines.items() if not subject.startswith("step")]
        assert fields == ([] if product == "marketo" else ["ok"] * 6)
        programmes.stand_in.set(**{next(iter(MADE[product][0])): None})
        lines = {line.subject: line for line in adapter.check_enrolments(places[:1], client.send)}
        assert str(lines[f"step {places[0]}"].state) == "change"
        (line,) = adapter.check_enrolments([ProgrammeStep("webinar", "hello")], client.send)
        assert (str(line.state), "nobody is enrolled" in line.text) == ("note", True)
    finally:
        client.close()
    lead = desk.add_lead()
    programmes.enrol(lead, "security")
    programmes.finish()
    assert (programmes.stand_in.enrolments(), programmes.letters()) == (
        [],
        [f"step {places[2]}: {gaps[2]}"],
    )


def test_an_opt_out_arrives_and_is_harmless_twice(programmes: Programmes, product: str) -> None:
    desk = programmes.desk
    lead, other = desk.add_lead(), desk.add_lead()
    programmes.finish()
    said = {"said_at": "2026-07-01T01:00:00+00:00", "said_by": "crm"}
    programmes.want(lead, "opt_out_lead", "n1", **said)
    programmes.stand_in.fault("reset_after")
    programmes.finish()
    programmes.want(lead, "opt_out_lead", "n2", **said)
    programmes.finish()
    leads = programmes.stand_in.leads()
    own, others = programmes.stand_in_id(lead), programmes.stand_in_id(other)
    assert (leads[own].get("may_mail"), leads[others].get("may_mail")) == (False, None)
    programmes.want(lead, "opt_in_lead", "y1", **said)
    programmes.finish()
    # HubSpot lets nobody but the person take it back: that is dropped, and nobody is woken.
    assert programmes.stand_in.leads()[own]["may_mail"] is (product != "hubspot")
    states = "select array_agg(state order by outbox_id) from delivery.outbox where operation like 'opt%%'"
    last = "dropped" if product == "hubspot" else "done"
    assert desk.value(states) == ["done", "done", last]
    assert programmes.letters() == []


@settings(
    deadline=None,
    max_examples=promise_examples(1),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    faults=st.lists(st.sampled_from(FAULTS), max_size=5),
    wanted=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["comparison", "roi"])), min_size=1),
    kills=st.sets(st.integers(0, 2)),
)
def test_under_faults_and_kills_no_step_begins_twice_and_none_is_lost(
    programmes: Programmes, product: str, faults: list[str], wanted: list[tuple[int, str]], kills: set[int]
) -> None:
    desk = programmes.desk
    leads = [desk.add_lead() for _ in range(2)]
    programmes.finish()
    for fault in faults:
        programmes.stand_in.fault(fault)
    steps = list(dict.fromkeys(wanted))
    for number, (place, step) in enumerate(steps):
        programmes.enrol(leads[place], step)
        if number in kills:
            kill_after_claim(desk)
        desk.push(seconds=2)
    programmes.stand_in.heal()
    desk.now += timedelta(minutes=2)
    programmes.finish()
    assert programmes.letters() == []
    for place, lead in enumerate(leads):
        expected = name_runs(product, *(step for number, step in steps if number == place))
        assert sorted(programmes.runs(lead)) == sorted(expected)

"""The product of our own contract: what the simulated MA and CRM speak, and whoever implements the contract.

docs/sandbox.md names the routes, docs/delivery.md the words of an answer. The MA's ids of leads are whole
numbers there, the CRM's are text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from leadops.clients.answer_shapes import read_lead_score, read_page
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.call_outcomes import HttpAnswer, Outcome
from leadops.clients.lead_absence import read_moved
from leadops.normalization.lenient_json import BIGGEST_INTEGER
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.generic.delta_results import read_delta_results
from leadops.products.generic.generic_crm import GenericCrm
from leadops.products.generic.generic_enrolments import (
    check_programmes,
    classify_program,
    form_enrolment,
    read_enrolment,
)
from leadops.products.product import Product
from leadops.products.product_rows import (
    Call,
    EffectRow,
    LeadReading,
    ListedLead,
    RowResult,
    RowState,
    ScoreRow,
    SendCall,
    UnsupportedCallError,
)

#: Leads in one page.
PAGE = 1000
#: As when a target that remembers a key from before a restored backup repeats the answer of that time.
ANOTHER_LEAD = "the answer names another lead than the call: look there, then retry or drop"
UNNAMED_DELTA = "the answer does not name the delta"


@dataclass(frozen=True)
class Route:
    """Where an operation goes, and what its answer holds; {external_id} is the target's id of the lead."""

    method: str
    path: str
    #: The field of the answer that holds the target's id of the lead.
    answer_id: str | None = None
    #: An id that is not an integer makes the answer incomplete.
    has_integer_id: bool = False
    #: The target itself makes a repetition harmless, so its key memory does not matter.
    is_repeatable: bool = False
    #: A 2xx answer is that to a score change: it may say {"status": "rejected", "error": …}.
    is_score_change: bool = False
    #: The body and the answer are those of an enrolment: see `generic_enrolments`.
    is_enrolment: bool = False
    #: What the body says besides the values of the effect.
    adds: Mapping[str, str | bool] = field(default_factory=dict)


ROUTES: dict[tuple[str, str], Route] = {
    ("ma", "upsert_lead"): Route(
        "POST", "/api/leads", answer_id="leadId", has_integer_id=True, is_repeatable=True
    ),
    ("ma", "set_fields"): Route("PATCH", "/api/leads/{external_id}", is_repeatable=True),
    ("ma", "enrol_lead"): Route(
        "POST", "/api/programs/{program}/enrolments", is_repeatable=True, is_enrolment=True
    ),
    ("ma", "correct_score"): Route("POST", "/api/lead/score", is_score_change=True),
    ("ma", "opt_out_lead"): Route(
        "PUT", "/api/leads/{external_id}/consent", is_repeatable=True, adds={"may_mail": False}
    ),
    ("ma", "opt_in_lead"): Route(
        "PUT", "/api/leads/{external_id}/consent", is_repeatable=True, adds={"may_mail": True}
    ),
    ("ma", "erase_lead"): Route("DELETE", "/api/leads/{external_id}", is_repeatable=True),
    ("crm", "create_lead"): Route("POST", "/v1/leads", answer_id="id"),
    ("crm", "set_owner"): Route("PATCH", "/v1/leads/{external_id}", is_repeatable=True),
    ("crm", "withdraw_lead"): Route(
        "PATCH", "/v1/leads/{external_id}", is_repeatable=True, adds={"status": "withdrawn"}
    ),
    ("crm", "restore_lead"): Route(
        "PATCH", "/v1/leads/{external_id}", is_repeatable=True, adds={"status": "new"}
    ),
    ("crm", "opt_out_lead"): Route(
        "PUT", "/v1/leads/{external_id}/consent", is_repeatable=True, adds={"may_mail": False}
    ),
    ("crm", "opt_in_lead"): Route(
        "PUT", "/v1/leads/{external_id}/consent", is_repeatable=True, adds={"may_mail": True}
    ),
    ("crm", "erase_lead"): Route("DELETE", "/v1/leads/{external_id}", is_repeatable=True),
    ("bot", "take_over"): Route("POST", "/v1/conversations"),
}


class GenericProduct(Product):
    """Our own contract: changes of scores are added under a deltaId, and a repeated key changes nothing."""

    name = "generic"
    row_limit = 1000
    crm = GenericCrm()

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome:
        """Return what an answer means; a program that the MA does not have gets a reason that says so."""
        return classify_program(answer, outcome)

    def make_score_call(self, rows: Sequence[ScoreRow]) -> Call:
        """Return the bulk call; a single row has the route and the body for a single lead."""
        updates = [
            {"deltaId": row.delta_id, "leadId": lead_id, "delta": row.points, "reason": row.reason}
            for row, lead_id in zip(rows, write_ids([row.external_id for row in rows]), strict=True)
        ]
        if len(updates) == 1:
            return Call("POST", "/api/lead/score", orjson.dumps(updates[0]).decode())
        return Call("POST", "/api/bulk/update_scores", orjson.dumps({"updates": updates}).decode())

    def read_score_answer(self, body: Any, rows: Sequence[ScoreRow]) -> dict[str, RowResult]:
        """Return the results by deltaId; see `read_delta_results`."""
        return read_delta_results(body, [row.delta_id for row in rows])

    def is_repeatable(self, target: str, operation: str) -> bool:
        """Return whether a repetition is harmless, whatever the target remembers."""
        return find_route(target, operation).is_repeatable

    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the call of the effect's route; its values are the body."""
        route = find_route(effect.target, effect.operation)
        values: Any = {**effect.values, **route.adds}
        if route.is_score_change:
            values = form_update(
                values["external_id"],
                points=values["points"],
                reason=values["reason"],
                delta_id=values["delta_id"],
            )
        program = quote(str(values.get("programme")), safe="")
        path = route.path.format(external_id=quote(effect.external_id or "gone", safe=""), program=program)
        if route.is_enrolment:
            (lead_id,) = write_ids([effect.external_id or "gone"])
            values = form_enrolment(effect, lead_id)
        # Values may be numbers of any size, which orjson refuses.
        return Call(route.method, path, json.dumps(values, ensure_ascii=False, separators=(",", ":")))

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what the answer says: the id of a lead that it made, or the result of a correction."""
        route = find_route(effect.target, effect.operation)
        if route.is_score_change:
            delta_id = effect.values["delta_id"]
            unnamed = RowResult(RowState.UNKNOWN, UNNAMED_DELTA)
            return read_delta_results(body, [delta_id]).get(delta_id, unnamed)
        if route.is_enrolment:
            return read_enrolment(body)
        if route.answer_id is None:
            return RowResult(RowState.DONE)
        if _names_another_lead(effect, body):
            return RowResult(RowState.DEAD, ANOTHER_LEAD)
        value = body.get(route.answer_id) if isinstance(body, dict) else None
        is_readable = isinstance(value, int) or not route.has_integer_id
        return RowResult(RowState.DONE, external_id=read_id(value) if is_readable else None)

    def make_lead_call(self, external_id: str) -> Call:
        """Return GET of one lead: {"id", "email", "score", "fields"}."""
        return Call("GET", f"/api/leads/{quote(external_id, safe='')}")

    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        """Return the score of the lead; one that answers with another id was merged into that one."""
        return LeadReading(read_lead_score(body), read_moved(external_id, body))

    def make_ping_call(self, target: str) -> Call:
        """Return GET of one lead; of the CRM's activities, since a list of leads is optional there."""
        if target == "ma":
            return Call("GET", "/api/leads", params={"after": "", "limit": 1})
        return Call("GET", "/v1/activities", params={"limit": 1})

    def make_list_call(self, cursor: str | None) -> Call:
        """Return GET of one page of all leads."""
        return Call("GET", "/api/leads", params={"after": cursor or "", "limit": PAGE})

    def read_list(self, body: Any) -> tuple[list[ListedLead], str | None]:
        """Return the leads of {"items": […], "cursor": …}; only the page is checked, not the leads."""
        items, cursor = read_page(body, "MA leads")
        return [_read_listed(item) for item in items], cursor

    def find_enrolment_gap(self, place: ProgrammeStep) -> str | None:  # noqa: ARG002
        """Return None: the MA knows programmes and steps by our names."""
        return None

    def check_enrolments(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
        """Yield whether the MA has each programme and step, where it can say so."""
        yield from check_programmes(places, send)


def find_route(target: str, operation: str) -> Route:
    """Return the route of an operation; raise UnsupportedCallError if the contract has none."""
    try:
        return ROUTES[target, operation]
    except KeyError:
        raise UnsupportedCallError(
            f"no operation {operation!r} for target {target!r} in the generic product"
        ) from None


def form_update(external_id: str, *, points: int, reason: str, delta_id: str) -> dict[str, Any]:
    """Return one score change as the contract has it."""
    (lead_id,) = write_ids([external_id])
    return {"deltaId": delta_id, "leadId": lead_id, "delta": points, "reason": reason}


def write_ids(external_ids: list[str]) -> Sequence[int | str]:
    """Return the MA's ids of leads as the contract has them: numbers, and all others as text."""
    try:
        numbers = list(map(int, external_ids))
    except ValueError:
        numbers = []
    # Nearly always all are numbers: one look at the whole list costs less than one at each.
    if (
        numbers
        and 0 < min(numbers) <= max(numbers) <= BIGGEST_INTEGER
        and list(map(str, numbers)) == external_ids
    ):
        return numbers
    return [int(one) if _is_number(one) else one for one in external_ids]


def _is_number(external_id: str) -> bool:
    is_plain = external_id.isdecimal() and external_id.isascii() and external_id[0] != "0"
    return is_plain and len(external_id) <= len(str(BIGGEST_INTEGER)) and int(external_id) <= BIGGEST_INTEGER


def _names_another_lead(effect: EffectRow, body: object) -> bool:
    """Whether an answer names whom it is about, and neither address nor our own id is that of the call."""
    if not isinstance(body, dict):
        return False
    sent = effect.values
    named = [name for name in ("email", "externalId") if body.get(name) and sent.get(name)]
    return bool(named) and all(str(body[name]).casefold() != str(sent[name]).casefold() for name in named)


def _read_listed(item: Any) -> ListedLead:
    values = item if isinstance(item, dict) else {}
    fields, email = values.get("fields"), values.get("email")
    return ListedLead(
        external_id=read_id(values.get("id")),
        score=read_score(values.get("score")),
        email=email if isinstance(email, str) else None,
        our_id=read_id(fields.get("externalId")) if isinstance(fields, dict) else None,
    )


PRODUCT = GenericProduct()

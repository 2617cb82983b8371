"""HubSpot: contacts are the leads, for the MA and for the CRM alike; both may be the same account.

docs/products/hubspot.md says what to make there and what it costs. Scores are set, in a property of leadops'
own. There are no keys of calls: contacts are made by an upsert, which is harmless when repeated.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError, read_object
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.call_outcomes import HttpAnswer, Outcome
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.hubspot.hubspot_calls import BATCH_LIMIT, HubSpotCalls
from leadops.products.hubspot.hubspot_check import ACCOUNT, HubSpotCheck
from leadops.products.hubspot.hubspot_codes import classify_hubspot, read_hubspot_quota
from leadops.products.hubspot.hubspot_crm import HubSpotCrm
from leadops.products.hubspot.hubspot_effects import HubSpotEffects
from leadops.products.hubspot.hubspot_enrolment_check import HubSpotEnrolmentCheck
from leadops.products.hubspot.hubspot_pages import read_next, read_properties, read_results
from leadops.products.hubspot.hubspot_results import read_totals
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.product import Product, find_settings
from leadops.products.product_rows import (
    Call,
    EffectRow,
    LeadReading,
    ListedLead,
    QuotaReading,
    RowResult,
    ScoreWay,
    SendCall,
    TotalRow,
)
from leadops.settings import Endpoint


class HubSpotProduct(Product):
    """One account of HubSpot."""

    name = "hubspot"
    row_limit = BATCH_LIMIT
    score_way = ScoreWay.SET
    remembers_keys = False
    has_shared_host = True

    def __init__(self, settings: HubSpotSettings) -> None:
        self._settings = settings
        self._calls = HubSpotCalls(settings)
        self._effects = HubSpotEffects(settings, self._calls)
        self.enrolment_spacing = settings.enrolments.spacing
        self.crm = HubSpotCrm(settings, self._calls)

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome:
        """Return what the status, the policy and the category mean: see `hubspot_codes`."""
        return classify_hubspot(answer, outcome)

    def read_quota(self, answer: HttpAnswer) -> QuotaReading | None:
        """Return the calls of the account's day; with OAuth HubSpot does not say them."""
        return read_hubspot_quota(answer)

    def make_total_call(self, rows: Sequence[TotalRow]) -> Call:
        """Return the batch update of the contacts' score."""
        return self._calls.set_totals(rows)

    def read_total_answer(self, body: Any, rows: Sequence[TotalRow]) -> dict[int, RowResult]:
        """Return what became of each row, by lead_id."""
        return read_totals(body, rows)

    def is_repeatable(self, target: str, operation: str) -> bool:  # noqa: ARG002
        """Return True: every operation sets something, or makes a contact by leadops' own id."""
        return True

    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the call of an effect."""
        return self._effects.make_call(effect)

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what the answer says of the contact; it may ask for another call."""
        return self._effects.read_answer(body, effect)

    def make_lead_call(self, external_id: str) -> Call:
        """Return GET of one contact."""
        return self._calls.get_contact(external_id)

    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        """Return the score of the contact; one that answers with another id was merged into that one."""
        contact = read_object(body, "HubSpot contact")
        values, answered_id = contact.get("properties"), read_id(contact.get("id"))
        if not isinstance(values, dict) or answered_id is None:
            raise AnswerShapeError("HubSpot contact: the answer has no id or no properties")
        names = self._settings.properties
        is_other = answered_id != external_id
        return LeadReading(
            _read_points(values, names.score),
            LeadAbsence(AbsenceWord.MERGED, answered_id) if is_other else None,
            read_score(values.get(names.seq)) if names.seq is not None else None,
        )

    def make_list_call(self, cursor: str | None) -> Call:
        """Return GET of one page of all contacts."""
        return self._calls.list_contacts(cursor)

    def read_list(self, body: Any) -> tuple[list[ListedLead], str | None]:
        """Return the contacts of a page and the cursor of the next."""
        contacts = read_results(body, "HubSpot contacts")
        return [self._read_listed(contact) for contact in contacts], read_next(body)

    def make_ping_call(self, target: str) -> Call:  # noqa: ARG002
        """Return GET of one contact, by the version of the settings."""
        return Call("GET", self._calls.find_path("contacts"), params={"limit": 1})

    def make_account_call(self) -> Call:
        """Return GET of the account, which every token may make."""
        return ACCOUNT

    def read_account(self, body: Any) -> str | None:
        """Return the id of the portal."""
        return read_id(body.get("portalId")) if isinstance(body, dict) else None

    def check(self, target: str, send: SendCall) -> Iterator[CheckLine]:
        """Yield the account's facts, and whether each property is there and takes what leadops writes."""
        yield from HubSpotCheck(self._settings, self._calls).check(target, send)

    def find_enrolment_gap(self, place: ProgrammeStep) -> str | None:
        """Return what is missing to start the workflow of a step."""
        return self._settings.enrolments.find_gap(place, product=self.name, what="workflow")

    def check_enrolments(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
        """Yield whether the properties of a message are there, and the workflow of each step."""
        yield from HubSpotEnrolmentCheck(self._settings, self._calls).check(places, send)

    def _read_listed(self, contact: Any) -> ListedLead:
        entry = contact if isinstance(contact, dict) else {}
        values = read_properties(entry)
        email, names = values.get("email"), self._settings.properties
        return ListedLead(
            external_id=read_id(entry.get("id")),
            score=_read_points(values, names.score),
            email=email if isinstance(email, str) else None,
            our_id=read_id(values.get(names.external_id)),
        )


def _read_points(values: dict[str, Any], name: str) -> int | None:
    """Return a score; a property that was never written is empty, which is 0 points."""
    if name not in values:
        return None
    return 0 if values[name] in (None, "") else read_score(values[name])


def make_product(endpoint: Endpoint) -> HubSpotProduct:
    """Return HubSpot as the section hubspot of products.yaml sets it."""
    return HubSpotProduct(find_settings(endpoint, HubSpotSettings))

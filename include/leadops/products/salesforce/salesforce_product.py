"""Salesforce: leads and contacts by id, scores set by collections, errors row by row.

docs/products/salesforce.md says what has to be there. Sources: Salesforce's REST API Developer Guide (sObject
Collections, Composite, Headers) and its limits.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.call_outcomes import HttpAnswer, Outcome, TokenExpired
from leadops.clients.shared_token import SharedToken
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.product import Product, find_settings
from leadops.products.product_rows import (
    Call,
    EffectRow,
    LeadReading,
    ListedLead,
    QuotaReading,
    RowResult,
    RowState,
    ScoreWay,
    SendCall,
    TotalRow,
)
from leadops.products.salesforce.salesforce_access import open_salesforce_access
from leadops.products.salesforce.salesforce_answers import classify_salesforce, read_salesforce_quota
from leadops.products.salesforce.salesforce_bodies import ROWS, form_query, form_update
from leadops.products.salesforce.salesforce_campaign_check import check_campaigns
from leadops.products.salesforce.salesforce_check import check_salesforce
from leadops.products.salesforce.salesforce_codes import judge_error, read_errors
from leadops.products.salesforce.salesforce_crm import SalesforceCrm
from leadops.products.salesforce.salesforce_effects import form_effect, read_effect
from leadops.products.salesforce.salesforce_ids import write_id
from leadops.products.salesforce.salesforce_leads import (
    form_lookup,
    form_page,
    read_listed,
    read_page,
    read_reading,
    read_records,
)
from leadops.products.salesforce.salesforce_settings import SalesforceSettings
from leadops.settings import Endpoint


class SalesforceProduct(Product):
    """Salesforce as the CRM, and by choice as the place of the scores."""

    name = "salesforce"
    row_limit = ROWS
    score_way = ScoreWay.SET
    remembers_keys = False

    def __init__(self, settings: SalesforceSettings) -> None:
        self.settings = settings
        self.enrolment_spacing = settings.enrolments.spacing
        self.crm = SalesforceCrm(settings)

    def open_access(self, endpoint: Endpoint) -> SharedToken:
        """Return the session that all connections of the process share."""
        return open_salesforce_access(endpoint)

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome | TokenExpired:
        """Return what an answer means for the call as a whole: see `classify_salesforce`."""
        return classify_salesforce(
            answer,
            outcome,
            busy_seconds=self.settings.busy_seconds,
            used_up_seconds=self.settings.used_up_seconds,
            own_fields=self.settings.fields.list_names(),
        )

    def read_quota(self, answer: HttpAnswer) -> QuotaReading | None:
        """Return what Sforce-Limit-Info says of the last 24 hours."""
        return read_salesforce_quota(answer, used_up_seconds=self.settings.used_up_seconds)

    def make_total_call(self, rows: Sequence[TotalRow]) -> Call:
        """Return the collection that sets the totals, each for itself."""
        fields = self.settings.fields
        return form_update(
            self.settings,
            [
                (row.external_id, {fields.score: row.points} | ({fields.seq: row.seq} if fields.seq else {}))
                for row in rows
            ],
        )

    def read_total_answer(self, body: Any, rows: Sequence[TotalRow]) -> Mapping[int, RowResult]:
        """Return the results, which stand in the order of the rows; one that names another id is unknown.

        An error of the whole call is that of each row.
        """
        if not isinstance(body, list) or not all(isinstance(result, dict) for result in body):
            return {}
        if body and not any("success" in result for result in body):
            errors = read_errors(body)
            return {row.lead_id: judge_error(errors[0]) for row in rows} if errors else {}
        if len(body) != len(rows):
            return {}
        return {row.lead_id: _read_result(result, row) for row, result in zip(rows, body, strict=True)}

    def is_repeatable(self, target: str, operation: str) -> bool:  # noqa: ARG002
        """Return True: values are set, and a lead is made once for each external id."""
        return True

    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the first call of an effect."""
        return form_effect(self.settings, effect)

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what an answer says of an effect, with the call that follows it."""
        return read_effect(self.settings, body, effect)

    def make_lead_call(self, external_id: str) -> Call:
        """Return the query for one lead or contact, be it there or not."""
        return form_lookup(self.settings, external_id)

    def read_lead(self, body: Any, external_id: str) -> LeadReading:  # noqa: ARG002
        """Return the score, or which record stands for this one."""
        return read_reading(self.settings, body)

    def make_ping_call(self, target: str) -> Call:  # noqa: ARG002
        """Return GET of the limits."""
        return Call("GET", self.settings.path("limits"))

    def make_account_call(self) -> Call:
        """Return the query for the organisation."""
        return form_query(self.settings, "Organization", ("Id",), "Id != null")

    def read_account(self, body: Any) -> str | None:
        """Return the id of the organisation, in the length that never changes."""
        try:
            records = read_records(body, "Organization")
        except AnswerShapeError:
            return None
        return write_id(records[0].get("Id")) if records else None

    def check(self, target: str, send: SendCall) -> Iterator[CheckLine]:
        """Yield what Salesforce says of its API, its objects and their fields."""
        yield from check_salesforce(self.settings, target, send)

    def find_enrolment_gap(self, place: ProgrammeStep) -> str | None:
        """Return what is missing to make somebody a member of the campaign of a step."""
        return self.settings.enrolments.find_gap(place, product=self.name, what="campaign")

    def check_enrolments(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
        """Yield whether the fields of a message are there, and the campaign of each step."""
        yield from check_campaigns(self.settings, places, send)

    def make_list_call(self, cursor: str | None) -> Call:
        """Return the query for one page of the leads that leadops made."""
        return form_page(self.settings, cursor)

    def read_list(self, body: Any) -> tuple[list[ListedLead], str | None]:
        """Return the leads of a page; the contact stands for a lead that was converted."""
        records, cursor = read_page(body)
        return [read_listed(self.settings, record) for record in records], cursor


def _read_result(result: Mapping[str, Any], row: TotalRow) -> RowResult:
    if result.get("success") is True:
        is_same = write_id(result.get("id")) == write_id(row.external_id)
        return RowResult(RowState.DONE if is_same else RowState.UNKNOWN)
    errors = read_errors(result)
    return judge_error(errors[0]) if errors else RowResult(RowState.UNKNOWN)


def make_product(endpoint: Endpoint) -> SalesforceProduct:
    """Return the product with its section of products.yaml; raise ConfigError where that is missing."""
    return SalesforceProduct(find_settings(endpoint, SalesforceSettings))

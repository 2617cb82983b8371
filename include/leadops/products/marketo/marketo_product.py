"""Marketo Engage as the MA: scores are set in a field of leadops' own, by up to 300 leads a call."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from leadops.clients.access import Access
from leadops.clients.call_outcomes import HttpAnswer, Outcome, TokenExpired
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import Enrolment, ProgrammeStep
from leadops.products.marketo.marketo_access import open_marketo_access
from leadops.products.marketo.marketo_calls import BYTE_LIMIT, FILTER_LIMIT, ROW_LIMIT, USAGE, MarketoCalls
from leadops.products.marketo.marketo_campaign_check import check_campaigns
from leadops.products.marketo.marketo_check import check_marketo
from leadops.products.marketo.marketo_codes import DAILY_QUOTA, classify_code, find_error, find_quota_end
from leadops.products.marketo.marketo_merges import read_merge_log
from leadops.products.marketo.marketo_rows import (
    read_campaigns,
    read_found,
    read_listed,
    read_reading,
    read_request,
    read_single,
    read_totals,
)
from leadops.products.marketo.marketo_settings import MarketoSettings
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
    UnsupportedCallError,
)
from leadops.products.reading import Reading
from leadops.settings import Endpoint

OPERATIONS = frozenset(
    {"upsert_lead", "set_fields", "enrol_lead", "opt_out_lead", "opt_in_lead", "erase_lead"}
)
#: So far the clocks here and at Marketo may be apart.
CLOCKS_APART = timedelta(minutes=2)


class MarketoProduct(Product):
    """One subscription of Marketo, by its own names of fields."""

    name = "marketo"
    row_limit = ROW_LIMIT
    byte_limit = BYTE_LIMIT
    score_way = ScoreWay.SET
    remembers_keys = False
    lists_leads = False
    read_limit = FILTER_LIMIT
    has_merge_log = True
    rights = MappingProxyType({"enrol_lead": "Execute Campaign"})
    #: "Concurrent or closely timed upsert requests can create duplicate records."
    repeat_pause = timedelta(seconds=30)

    def __init__(self, settings: MarketoSettings) -> None:
        self.settings = settings
        self.enrolment_spacing = settings.enrolments.spacing
        self.calls = MarketoCalls(settings)

    def open_access(self, endpoint: Endpoint) -> Access:
        """Return the access by client credentials: the connection's login and password."""
        return open_marketo_access(endpoint)

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome | TokenExpired:
        """Return what the body says of the call; the status is 200 for nearly all."""
        return classify_code(answer, outcome, zone=self.settings.zone)

    def read_quota(self, answer: HttpAnswer) -> QuotaReading | None:
        """Return the calls of the day by the answer to `make_quota_call`, or that none is left (607)."""
        error = find_error(answer.body)
        if error is not None:
            is_used_up = error[0] == DAILY_QUOTA
            return (
                QuotaReading(used_up_for=find_quota_end(answer, self.settings.zone)) if is_used_up else None
            )
        used = _read_usage(answer.body)
        return None if used is None else QuotaReading(used, self.settings.daily_calls)

    def make_total_call(self, rows: Sequence[TotalRow]) -> Call:
        """Return the update of the leads' score by their ids."""
        return self.calls.set_totals(rows)

    def read_total_answer(self, body: Any, rows: Sequence[TotalRow]) -> dict[int, RowResult]:
        """Return what became of each total, in the order of the call."""
        return read_totals(body, rows)

    def is_repeatable(self, target: str, operation: str) -> bool:  # noqa: ARG002
        """Return True of all but an enrolment: values are set, and a lead is found by its address.

        A campaign that is requested twice may send twice: its membership is looked up first.
        """
        return operation != "enrol_lead"

    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the call of an operation of the MA."""
        if effect.target == "ma" and effect.operation in OPERATIONS:
            call: Call = getattr(self.calls, effect.operation)(effect)
            return call
        raise UnsupportedCallError(
            f"no operation {effect.operation!r} for target {effect.target!r} in the product marketo"
        )

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what became of the one row of the call, or of the request of a campaign."""
        if effect.operation == "enrol_lead":
            return read_request(body, self._find_campaign(effect))
        return read_single(body, effect.external_id)

    def make_effect_lookup(self, effect: EffectRow) -> Call | None:
        """Return the read of the campaigns that the lead of an enrolment went through."""
        return self.calls.find_campaigns_of_lead(effect) if effect.operation == "enrol_lead" else None

    def read_effect_lookup(self, body: Any, effect: EffectRow, *, since: datetime) -> bool | None:
        """Return whether the lead went through the campaign: ever, or in a later cycle since the request."""
        cycle = Enrolment.read(effect.values).cycle
        moment = None if cycle == 1 else since - CLOCKS_APART
        return read_campaigns(body, self._find_campaign(effect), since=moment)

    def find_enrolment_gap(self, place: ProgrammeStep) -> str | None:
        """Return what is missing to request the campaign of a step."""
        return self.settings.enrolments.find_gap(place, product=self.name, what="smart campaign")

    def check_enrolments(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
        """Yield whether the campaign of each step can be requested, and takes nobody twice."""
        yield from check_campaigns(self.settings.enrolments, places, send)

    def _find_campaign(self, effect: EffectRow) -> str | None:
        return self.settings.enrolments.find_id(Enrolment.read(effect.values).place)

    def make_lead_call(self, external_id: str) -> Call:
        """Return the read of one lead by its id."""
        return self.calls.find_leads([external_id])

    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        """Return the lead; one that the answer leaves out is not there."""
        return read_reading(body, external_id, self.settings.fields)

    def make_leads_call(self, external_ids: Sequence[str]) -> Call:
        """Return the read of leads by their ids: Marketo has no list of all leads."""
        return self.calls.find_leads(external_ids)

    def read_leads(self, body: Any) -> list[ListedLead]:
        """Return the leads that were found."""
        return [read_listed(lead, self.settings.fields) for lead in read_found(body)]

    def read_merges(self, since: datetime) -> Reading[Mapping[str, str]]:
        """Read the activities "Merge Leads"."""
        return read_merge_log(since)

    def make_ping_call(self, target: str) -> Call:  # noqa: ARG002
        """Return the read of the day's calls, which needs no right."""
        return Call("GET", USAGE)

    def make_quota_call(self) -> Call:
        """Return the read of the day's calls."""
        return Call("GET", USAGE)

    def check(self, target: str, send: SendCall) -> Iterator[CheckLine]:
        """Yield whether each field is there and can be written."""
        if target != "ma":
            yield CheckLine.change("product", "Marketo is an MA; name it in the connection leadops_ma alone")
            return
        yield from check_marketo(self.settings, send)


def _read_usage(body: Any) -> int | None:
    """Return the calls of today by an answer of stats/usage.json, None by any other."""
    results = body.get("result") if isinstance(body, dict) else None
    today = results[0] if isinstance(results, list) and len(results) == 1 else None
    if not isinstance(today, dict) or "users" not in today:
        return None
    total = today.get("total")
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None


def make_product(endpoint: Endpoint) -> Product:
    """Return Marketo with the settings of the endpoint."""
    return MarketoProduct(find_settings(endpoint, MarketoSettings))

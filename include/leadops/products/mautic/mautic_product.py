"""Mautic as the MA: the score is set in a custom field, or added to Mautic's own points."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadops.clients.access import Access
from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.call_outcomes import HttpAnswer, Outcome, TokenExpired
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.mautic.mautic_access import open_mautic_access
from leadops.products.mautic.mautic_calls import CONTACTS, ROW_LIMIT, MauticCalls
from leadops.products.mautic.mautic_check import check_mautic
from leadops.products.mautic.mautic_codes import classify_mautic
from leadops.products.mautic.mautic_rows import (
    read_contact,
    read_enrolled,
    read_field_score,
    read_listed,
    read_page,
    read_reading,
    read_totals,
)
from leadops.products.mautic.mautic_segment_check import check_segments
from leadops.products.mautic.mautic_settings import MauticSettings, ScorePlace
from leadops.products.product import Product, find_settings
from leadops.products.product_rows import (
    Call,
    EffectRow,
    LeadReading,
    ListedLead,
    RowResult,
    RowState,
    ScoreRow,
    ScoreWay,
    SendCall,
    TotalRow,
    UnsupportedCallError,
)
from leadops.settings import Endpoint

OPERATIONS = frozenset(
    {"upsert_lead", "set_fields", "enrol_lead", "opt_out_lead", "opt_in_lead", "erase_lead"}
)


class MauticProduct(Product):
    """One Mautic whose score stands in a custom field of leadops' own."""

    name = "mautic"
    row_limit = ROW_LIMIT
    score_way = ScoreWay.SET
    remembers_keys = False

    def __init__(self, settings: MauticSettings) -> None:
        self.settings = settings
        self.enrolment_spacing = settings.enrolments.spacing
        self.calls = MauticCalls(settings)

    def open_access(self, endpoint: Endpoint) -> Access:
        """Return the access by client credentials: the connection's login and password."""
        return open_mautic_access(endpoint)

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome | TokenExpired:
        """Return what the status and Mautic's own words say of the call."""
        return classify_mautic(answer, outcome, score_field=self.settings.fields.score)

    def make_total_call(self, rows: Sequence[TotalRow]) -> Call:
        """Return the batch that sets the scores."""
        return self.calls.set_totals(rows)

    def read_total_answer(self, body: Any, rows: Sequence[TotalRow]) -> dict[int, RowResult]:
        """Return what became of each total, by its place in the call."""
        return read_totals(body, rows, self.settings.fields)

    def is_repeatable(self, target: str, operation: str) -> bool:  # noqa: ARG002
        """Return whether a repetition is harmless: values are set, and a contact is found by its address."""
        return operation != "correct_score"

    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the call of an operation of the MA."""
        if effect.target == "ma" and effect.operation in OPERATIONS:
            call: Call = getattr(self.calls, effect.operation)(effect)
            return call
        raise UnsupportedCallError(
            f"no operation {effect.operation!r} for target {effect.target!r} in the product mautic"
        )

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what the answer says of the contact."""
        try:
            found = read_id(read_contact(body).get("id"))
        except AnswerShapeError:
            return RowResult(RowState.UNKNOWN)
        if effect.operation == "upsert_lead":
            return RowResult(RowState.DONE, external_id=found)
        if effect.operation != "erase_lead" and found != effect.external_id:
            return RowResult(RowState.MOVED)
        if effect.operation == "enrol_lead":
            return read_enrolled(body, effect, self.settings.enrolments.mark)
        return RowResult(RowState.DONE)

    def find_enrolment_gap(self, place: ProgrammeStep) -> str | None:
        """Return what is missing to let the segment of a step take somebody in."""
        return self.settings.enrolments.find_gap(place, product=self.name, what="segment")

    def check_enrolments(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
        """Yield whether the fields of a message are there, and the segment of each step."""
        yield from check_segments(self.settings.enrolments, places, send)

    def make_lead_call(self, external_id: str) -> Call:
        """Return the read of one contact."""
        return self.calls.get_contact(external_id)

    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        """Return the contact; after a merge Mautic answers with the one that is left."""
        contact = read_contact(body)
        return read_reading(contact, external_id, self.find_score(contact), self.settings.fields)

    def make_list_call(self, cursor: str | None) -> Call:
        """Return the read of the contacts with higher ids than `cursor`."""
        return self.calls.list_contacts(cursor)

    def read_list(self, body: Any) -> tuple[list[ListedLead], str | None]:
        """Return the contacts of a page, and the highest id of a full one."""
        contacts, cursor = read_page(body)
        fields = self.settings.fields
        return [read_listed(contact, self.find_score(contact), fields) for contact in contacts], cursor

    def find_score(self, contact: Mapping[str, Any]) -> int | None:
        """Return the score of a contact, None where it is not a whole number."""
        return read_field_score(contact, self.settings.fields)

    def make_ping_call(self, target: str) -> Call:  # noqa: ARG002
        """Return the read of one contact at most."""
        return Call("GET", CONTACTS, params={"start": 0, "limit": 1})

    def check(self, target: str, send: SendCall) -> Iterator[CheckLine]:
        """Yield whether each field is there and of the right type."""
        if target != "ma":
            yield CheckLine.change("product", "Mautic is an MA; name it in the connection leadops_ma alone")
            return
        yield from check_mautic(self.settings, send)


class MauticPointsProduct(MauticProduct):
    """One Mautic whose own points are the score: each change has its name in the log of points."""

    row_limit = 1
    score_way = ScoreWay.ADD
    has_change_log = True

    def make_score_call(self, rows: Sequence[ScoreRow]) -> Call:
        """Return the call that adds one change."""
        (row,) = rows
        return self.calls.add_points(row.external_id, row.points, row.delta_id)

    def read_score_answer(self, body: Any, rows: Sequence[ScoreRow]) -> dict[str, RowResult]:
        """Return that the change was added, where the answer says so.

        Mautic says so, too, of points that a deadlock lost: the audit finds and corrects that.
        """
        (row,) = rows
        is_done = isinstance(body, dict) and body.get("success") in (1, True)
        return {row.delta_id: RowResult(RowState.DONE)} if is_done else {}

    def make_lookup_call(self, row: ScoreRow) -> Call:
        """Return the look-up of the change in the log of points."""
        return self.calls.find_change(row)

    def read_lookup(self, body: Any, row: ScoreRow) -> bool | None:
        """Return whether the log has the change."""
        stats = body.get("stats") if isinstance(body, dict) else None
        if not isinstance(stats, list):
            return None
        return any(isinstance(entry, dict) and entry.get("event_name") == row.delta_id for entry in stats)

    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the call of an operation; a correction adds points under its own name."""
        if effect.target == "ma" and effect.operation == "correct_score":
            values = effect.values
            return self.calls.add_points(str(values["external_id"]), values["points"], values["delta_id"])
        return super().make_effect_call(effect)

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what the answer says of the contact, or of a correction."""
        if effect.operation != "correct_score":
            return super().read_effect_answer(body, effect)
        is_done = isinstance(body, dict) and body.get("success") in (1, True)
        return RowResult(RowState.DONE if is_done else RowState.UNKNOWN)

    def find_score(self, contact: Mapping[str, Any]) -> int | None:
        """Return Mautic's own points."""
        return read_score(contact.get("points"))


def make_product(endpoint: Endpoint) -> Product:
    """Return Mautic with the settings of the endpoint."""
    settings = find_settings(endpoint, MauticSettings)
    is_points = settings.scores is ScorePlace.POINTS
    return MauticPointsProduct(settings) if is_points else MauticProduct(settings)

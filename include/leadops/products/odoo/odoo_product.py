"""Odoo's CRM as MA, as CRM or as both: scores are set, leads are made under an external id of the address."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadops.clients.access import Access
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.call_outcomes import HttpAnswer, Outcome, TokenExpired
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.odoo.odoo_access import OdooAccess
from leadops.products.odoo.odoo_calls import OdooCalls, fill_placeholders, read_rows, take_result
from leadops.products.odoo.odoo_check import check_fields, check_reading
from leadops.products.odoo.odoo_crm import OdooCrm
from leadops.products.odoo.odoo_enrolments import (
    check_tags,
    make_address_call,
    make_enrolment_call,
    read_consent_answer,
)
from leadops.products.odoo.odoo_errors import classify_odoo_answer
from leadops.products.odoo.odoo_leads import (
    MODEL,
    make_fields_call,
    make_load_call,
    make_owner_call,
    make_scores_call,
    read_loaded,
    read_number,
    read_scores_answer,
)
from leadops.products.odoo.odoo_settings import OdooSettings
from leadops.products.product import Product, find_settings
from leadops.products.product_rows import (
    Call,
    EffectRow,
    LeadReading,
    ListedLead,
    RowResult,
    RowState,
    ScoreWay,
    SendCall,
    TotalRow,
    UnsupportedCallError,
)
from leadops.settings import Endpoint

#: Leads in one page of the list.
PAGE = 1000


class OdooProduct(Product):
    """Odoo, of which all calls go to methods of its models; see docs/products/odoo.md."""

    name = "odoo"
    #: `load` writes 100 rows in a second or two.
    row_limit = 100
    score_way = ScoreWay.SET
    remembers_keys = False
    has_one_id = True

    def __init__(self, settings: OdooSettings, *, database: str = "", login: str = "") -> None:
        """Take the names of `settings`; `database` and `login` are those of the connection."""
        self.settings = settings
        self.enrolment_spacing = settings.enrolments.spacing
        self.login = login
        self.calls = OdooCalls(settings.api, database)
        self.crm = OdooCrm(self.calls, settings, login)
        self.has_token_in_body = settings.api == "json-rpc"

    def open_access(self, endpoint: Endpoint) -> Access:
        """Return the login of JSON-RPC, or the key of JSON-2."""
        return OdooAccess(endpoint) if self.has_token_in_body else super().open_access(endpoint)

    def fill_access(self, body: str, token: str) -> str:
        """Return `body` with the user's number and the key."""
        return fill_placeholders(body, token)

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome | TokenExpired:
        """Return what the error in an answer means, whatever its status."""
        named = self.settings.fields
        return classify_odoo_answer(
            answer, outcome, needed=[named.score, *([named.seq] if named.seq else [])]
        )

    def make_ping_call(self, target: str) -> Call | None:  # noqa: ARG002
        """Return the search for the user as whom leadops calls."""
        return self.calls.search(
            "res.users", [["login", "=", self.login]], ["name", "tz"], order="id", limit=1
        )

    def make_account_call(self) -> Call:
        """Return the reading of the database's id, which only a user with the right Settings may make."""
        return self.calls.call("ir.config_parameter", "get_param", key="database.uuid")

    def read_account(self, body: Any) -> str | None:
        """Return the id of the database."""
        found = take_result(body)
        return read_id(found) if isinstance(found, str) else None

    def check(self, target: str, send: SendCall) -> Iterator[CheckLine]:
        """Yield a line for each field that leadops sets, and for each model that the feed reads."""
        yield from check_fields(self.calls, self.settings, target, send)
        if target == "crm":
            yield from check_reading(self.calls, send)

    def make_total_call(self, rows: Sequence[TotalRow]) -> Call:
        """Return a `load` of the totals by the ids of the leads."""
        return make_scores_call(self.calls, self.settings, rows)

    def read_total_answer(self, body: Any, rows: Sequence[TotalRow]) -> Mapping[int, RowResult]:
        """Return the outcome of each row; one bad row keeps all others from being written."""
        return read_scores_answer(body, rows)

    def is_repeatable(self, target: str, operation: str) -> bool:
        """Return True: a lead is found by its external id, and values are set."""
        return (target, operation) != ("ma", "correct_score")

    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the call of an effect."""
        match effect.operation:
            case "upsert_lead" | "create_lead":
                return make_load_call(self.calls, self.settings, effect.values)
            case "set_fields":
                return make_fields_call(self.calls, self.settings, effect)
            case "set_owner":
                return make_owner_call(self.calls, effect)
            case "enrol_lead":
                return make_enrolment_call(self.calls, self.settings.enrolments, effect)
            case "opt_out_lead" | "opt_in_lead":
                return make_address_call(self.calls, effect)
            case "erase_lead":
                return self.calls.call(MODEL, "unlink", ids=[read_number(effect)])
        raise UnsupportedCallError(f"no operation {effect.operation!r} for target {effect.target!r} in Odoo")

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what a 2xx answer without an error says of an effect."""
        if effect.operation in ("upsert_lead", "create_lead"):
            return read_loaded(body)
        if effect.operation in ("opt_out_lead", "opt_in_lead"):
            return read_consent_answer(self.calls, body, is_out=effect.operation == "opt_out_lead")
        return RowResult(RowState.DONE if take_result(body) is True else RowState.UNKNOWN)

    def find_enrolment_gap(self, place: ProgrammeStep) -> str | None:
        """Return what is missing to give somebody the tag of a step."""
        return self.settings.enrolments.find_gap(place, product=self.name, what="tag")

    def check_enrolments(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
        """Yield whether the fields of a message are there, and the tag of each step."""
        yield from check_tags(self.calls, self.settings.enrolments, places, send)

    def make_lead_call(self, external_id: str) -> Call:
        """Return the search for one lead, archived or not."""
        number = int(external_id) if external_id.isascii() and external_id.isdecimal() else 0
        fields = [
            self.settings.fields.score,
            *([self.settings.fields.seq] if self.settings.fields.seq else []),
        ]
        return self.calls.search(MODEL, [["id", "=", number]], fields, order="id", limit=1)

    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        """Return the score of the lead, or that there is none of this id."""
        rows = read_rows(body, "Odoo lead")
        if [str(row["id"]) for row in rows] != [external_id]:
            return LeadReading(None, LeadAbsence(AbsenceWord.NOT_FOUND))
        seq = self.settings.fields.seq
        return LeadReading(
            read_score(rows[0].get(self.settings.fields.score)),
            score_seq=read_score(rows[0].get(seq)) if seq else None,
        )

    def make_list_call(self, cursor: str | None) -> Call:
        """Return the search for the next leads in the order of their ids."""
        after = int(cursor) if cursor and cursor.isdecimal() else 0
        fields = ["email_from", self.settings.fields.score]
        return self.calls.search(MODEL, [["id", ">", after]], fields, order="id", limit=PAGE)

    def read_list(self, body: Any) -> tuple[list[ListedLead], str | None]:
        """Return the leads of a page; a page that is not full is the last."""
        rows = read_rows(body, "Odoo leads")
        leads = [
            ListedLead(
                external_id=read_id(row["id"]),
                score=read_score(row.get(self.settings.fields.score)),
                email=row["email_from"] if isinstance(row.get("email_from"), str) else None,
            )
            for row in rows
        ]
        return leads, str(rows[-1]["id"]) if len(rows) == PAGE else None


def make_product(endpoint: Endpoint) -> OdooProduct:
    """Return Odoo as the connection and products.yaml describe it; raise ConfigError without settings."""
    settings = find_settings(endpoint, OdooSettings)
    database = str(endpoint.extra.get("database") or "")
    return OdooProduct(settings, database=database, login=endpoint.login)

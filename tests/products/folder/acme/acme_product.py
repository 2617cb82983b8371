"""A made-up product, as awkward as real ones: HTTP 200 for everything, errors in the body, row by row."""

import json
from collections.abc import Sequence
from typing import Any

import requests

from leadops.clients.access import Access
from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.call_outcomes import HttpAnswer, Outcome, Throttled, TokenExpired
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.errors import TransientError
from leadops.products.product import Product
from leadops.products.product_rows import (
    Call,
    EffectRow,
    LeadReading,
    ListedLead,
    QuotaReading,
    RowResult,
    RowState,
    ScoreRow,
    UnsupportedCallError,
)
from leadops.settings import Endpoint

#: What a code in the body means for a row; any other is unknown.
CODES = {
    "LOCKED": RowState.AGAIN,
    "INVALID": RowState.DEAD,
    "KNOWN": RowState.DUPLICATE,
    "NO_SUCH_PERSON": RowState.GONE,
    "MERGED": RowState.GONE,
    "ELSEWHERE": RowState.MOVED,
}


class AcmeAccess:
    """Asks for a token with the connection's password."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._token = ""

    def find_token(self) -> str:
        return self._token or self._ask()

    def renew(self) -> bool:
        self._ask()
        return True

    def _ask(self) -> str:
        answer = requests.post(
            f"{self._endpoint.base_url}/acme/token", json={"secret": self._endpoint.token}, timeout=10
        )
        if not answer.ok:
            raise TransientError(f"no token: HTTP {answer.status_code}")
        self._token = answer.json()["token"]
        return self._token


class AcmeProduct(Product):
    """People have ids such as 00Q5e; it knows a change again by its `ref`, and no keys of calls."""

    name = "acme"
    row_limit = 3
    remembers_keys = False

    def open_access(self, endpoint: Endpoint) -> Access:
        return AcmeAccess(endpoint)

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome | TokenExpired:
        error = answer.body.get("fault") if isinstance(answer.body, dict) else None
        if error == "TOKEN":
            return TokenExpired("its token has expired")
        if error == "DAILY":
            return Throttled(float(answer.headers["X-Acme-Reset"]), "the quota of the day is used up")
        return outcome

    def read_quota(self, answer: HttpAnswer) -> QuotaReading | None:
        if isinstance(answer.body, dict) and answer.body.get("fault") == "DAILY":
            return QuotaReading(used_up_for=float(answer.headers["X-Acme-Reset"]))
        if (calls := answer.headers.get("X-Acme-Calls")) is None:
            return None
        used, limit = calls.split("/")
        return QuotaReading(int(used), int(limit))

    def make_score_call(self, rows: Sequence[ScoreRow]) -> Call:
        changes = [{"ref": row.delta_id, "person": row.external_id, "plus": row.points} for row in rows]
        return Call(
            "POST",
            "/acme/changes",
            json.dumps({"changes": changes}),
            params={"mode": "add"},
            headers={"X-Acme-Version": "3"},
        )

    def read_score_answer(self, body: Any, rows: Sequence[ScoreRow]) -> dict[str, RowResult]:
        results = body.get("rows") if isinstance(body, dict) else None
        if not isinstance(results, list):
            return {}
        by_ref = {row["ref"]: row for row in results if isinstance(row, dict) and "ref" in row}
        return {row.delta_id: read_row(by_ref[row.delta_id]) for row in rows if row.delta_id in by_ref}

    def is_repeatable(self, target: str, operation: str) -> bool:
        return operation != "correct_score"

    def make_effect_call(self, effect: EffectRow) -> Call:
        values = effect.values
        if effect.operation == "upsert_lead":
            return Call("POST", "/acme/people", json.dumps({"mail": values["email"]}))
        if effect.operation == "set_fields":
            return Call("PUT", f"/acme/people/{effect.external_id}", json.dumps(dict(values)))
        if effect.operation == "correct_score":
            row = {"ref": values["delta_id"], "person": values["external_id"], "plus": values["points"]}
            return Call("POST", "/acme/changes", json.dumps({"changes": [row]}), params={"mode": "add"})
        raise UnsupportedCallError(f"acme has no {effect.operation!r}")

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        if effect.operation == "correct_score":
            (result,) = body["rows"]
            return read_row(result)
        if not isinstance(body, dict):
            return RowResult(RowState.UNKNOWN)
        if body.get("code") == "ASK":
            return RowResult(
                RowState.AGAIN, next_call=Call("PUT", f"/acme/people/{effect.external_id}", "{}")
            )
        if "code" in body:
            return read_row(body)
        return RowResult(RowState.DONE, external_id=read_id(body.get("person")))

    def make_lead_call(self, external_id: str) -> Call:
        return Call("GET", f"/acme/people/{external_id}")

    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        if not isinstance(body, dict):
            raise AnswerShapeError("acme person: the answer is not an object")
        result = read_row(body)
        return LeadReading(read_score(body.get("total")), result.absence)

    def make_list_call(self, cursor: str | None) -> Call:
        return Call("GET", "/acme/people", params={"from": cursor or ""})

    def read_list(self, body: Any) -> tuple[list[ListedLead], str | None]:
        leads = [ListedLead(person["person"], person["total"], person["mail"]) for person in body["people"]]
        return leads, body["next"]


def read_row(row: dict[str, Any]) -> RowResult:
    code = row.get("code")
    if code is None:
        return RowResult(RowState.DONE)
    absence = None
    if code == "MERGED":
        absence = LeadAbsence(AbsenceWord.MERGED, row["into"])
    elif code == "NO_SUCH_PERSON":
        absence = LeadAbsence(AbsenceWord.NOT_FOUND)
    return RowResult(CODES.get(code, RowState.UNKNOWN), row.get("text"), absence)


PRODUCT = AcmeProduct()

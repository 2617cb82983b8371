"""The made-up product by its points: it adds whatever comes, but keeps a log in which a change is found."""

import json
from collections.abc import Sequence
from typing import Any

from leadops.products.product_rows import Call, EffectRow, RowResult, RowState, ScoreRow
from tests.products.folder.acme.acme_product import AcmeProduct


class JotProduct(AcmeProduct):
    """One change a call; a repeated one counts twice. The log says which changes came."""

    name = "jot"
    row_limit = 1
    has_change_log = True

    def make_score_call(self, rows: Sequence[ScoreRow]) -> Call:
        (row,) = rows
        return _add(row.external_id, row.points, row.delta_id)

    def read_score_answer(self, body: Any, rows: Sequence[ScoreRow]) -> dict[str, RowResult]:
        return {row.delta_id: RowResult(RowState.DONE) for row in rows if body == {"added": True}}

    def make_lookup_call(self, row: ScoreRow) -> Call:
        return Call("GET", "/acme/log", params={"ref": row.delta_id})

    def read_lookup(self, body: Any, row: ScoreRow) -> bool | None:
        refs = body.get("refs") if isinstance(body, dict) else None
        return row.delta_id in refs if isinstance(refs, list) else None

    def make_effect_call(self, effect: EffectRow) -> Call:
        if effect.operation != "correct_score":
            return super().make_effect_call(effect)
        values = effect.values
        return _add(values["external_id"], values["points"], values["delta_id"])

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        if effect.operation != "correct_score":
            return super().read_effect_answer(body, effect)
        return RowResult(RowState.DONE if body == {"added": True} else RowState.UNKNOWN)


def _add(person: str, points: int, ref: str) -> Call:
    return Call("POST", "/acme/points", json.dumps({"person": person, "plus": points, "ref": ref}))


PRODUCT = JotProduct()

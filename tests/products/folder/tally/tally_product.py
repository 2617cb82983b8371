"""The made-up product by its field for totals: a score is set, and the ledger's row stands beside it."""

import json
from collections.abc import Sequence
from typing import Any

from leadops.products.product_rows import Call, EffectRow, LeadReading, RowResult, ScoreWay, TotalRow
from tests.products.folder.acme.acme_product import AcmeProduct, read_row


class TallyProduct(AcmeProduct):
    """Takes four totals in one call, in at most 400 bytes, and answers in the order of the call."""

    name = "tally"
    score_way = ScoreWay.SET
    row_limit = 4
    byte_limit = 400

    def make_total_call(self, rows: Sequence[TotalRow]) -> Call:
        totals = [{"person": row.external_id, "total": row.points, "row": row.seq} for row in rows]
        return Call("PUT", "/acme/totals", json.dumps({"totals": totals}))

    def read_total_answer(self, body: Any, rows: Sequence[TotalRow]) -> dict[int, RowResult]:
        results = body.get("rows") if isinstance(body, dict) else None
        if not isinstance(results, list):
            return {}
        named = {row["person"]: row for row in results if isinstance(row, dict) and "person" in row}
        return {row.lead_id: read_row(named[row.external_id]) for row in rows if row.external_id in named}

    def make_effect_call(self, effect: EffectRow) -> Call:
        assert effect.operation != "correct_score", "no change of a score is sent where totals are set"
        return super().make_effect_call(effect)

    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        reading = super().read_lead(body, external_id)
        return LeadReading(reading.score, reading.absence, body.get("row"))


PRODUCT = TallyProduct()

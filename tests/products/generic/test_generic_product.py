"""The ids of leads in a call of our own contract: numbers where they are whole numbers, and no other ones."""

import orjson
import pytest

from leadops.products.generic.generic_product import GenericProduct
from leadops.products.product_rows import ScoreRow


@pytest.mark.parametrize(
    ("external_id", "written"),
    [
        ("7", 7),
        ("700123", 700123),
        ("0", "0"),
        ("007", "007"),
        ("-5", "-5"),
        ("+5", "+5"),
        (" 5", " 5"),
        ("1_000", "1_000"),
        ("٣", "٣"),
        ("5.0", "5.0"),
        ("a1", "a1"),
        ("999999999999999999", 999999999999999999),
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", "9223372036854775808"),
        ("9" * 5000, "9" * 5000),
    ],
)
@pytest.mark.parametrize("beside", [[], ["12"], ["b2"]])
def test_an_id_is_a_number_only_if_it_is_written_like_one(
    external_id: str, written: int | str, beside: list[str]
) -> None:
    rows = [
        ScoreRow(seq, seq, one, 5, "seen", f"n-{seq}") for seq, one in enumerate([external_id, *beside], 1)
    ]
    body = orjson.loads(GenericProduct().make_score_call(rows).body)
    first = body["updates"][0] if beside else body
    assert first == {"deltaId": "n-1", "leadId": written, "delta": 5, "reason": "seen"}

"""What the world sends, for property tests: any JSON, and above all the values that people report."""

import codecs
import json
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
WORDS = st.sampled_from(
    [
        *("", " ", "\u3000", "null", "undefined", "N/A", "none", "-", "0", "不明", "granted", "true"),
        *("\0", "x\0y", "\ud83d", "Thank you \ud83d", "\u202e", "\ufeff", "ＣＥＯ", "\u212a", "a" * 8193),
        *("2026-07-01T09:30:00", "9999-12-31T23:59:59-23:59", "{{campaign.name}}", "[object Object]"),
    ]
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**40, 1e308, float("inf"), float("nan"), -0.0]),
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | WORDS, inner, max_size=3),
    max_leaves=8,
)


def nest(levels: int) -> Any:
    value: Any = "inside"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


DIRT = VALUES | st.integers(8, 40).map(nest)
UTM = DIRT | st.dictionaries(st.sampled_from(["source", "campaign", "\0", "a\0"]), DIRT, max_size=3)
CONSENT = DIRT | st.dictionaries(TEXT, DIRT | st.booleans(), max_size=3)
CONTEXT = DIRT | st.dictionaries(
    st.sampled_from(["page", "user_agent", "locale", "utm\0", "page\0"]), DIRT, max_size=3
).flatmap(
    lambda rest: st.fixed_dictionaries({}, optional={"utm": UTM, "consent": CONSENT}).map(
        lambda known: rest | known
    )
)
PROPERTIES = DIRT | st.dictionaries(TEXT | WORDS, DIRT, max_size=4)
#: Fields beside the core of an event or a form.
SIDE_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "properties": PROPERTIES,
    "context": CONTEXT,
    "utm": UTM,
    "traits": PROPERTIES,
    "role": DIRT,
    "email\0": DIRT,
    "properties\0": DIRT,
    "context\0": DIRT,
}
GOOD_ADDRESSES = st.sampled_from(
    ["ann@buyer.example", " Ann@Buyer.Example", "hanako＠buyer.example", "bob@köln.example"]
)
BAD_ADDRESSES = DIRT | st.sampled_from(
    ["ann", "ann@", "@buyer.example", "ann@buyer", "花子@buyer.example", "a@b@c.example", "a@b\u200b.example"]
)


@st.composite
def encode(draw: st.DrawFn, value: Any) -> bytes:
    """Any way in which a sender may write `value` as JSON."""
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.none() | st.just(1)))
    encoded = text.encode("utf-8", "surrogatepass" if draw(st.booleans()) else "replace")
    return draw(st.sampled_from([b"", b"", codecs.BOM_UTF8, b"\r\n "])) + encoded

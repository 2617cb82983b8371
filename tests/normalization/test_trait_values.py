from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.normalization.trait_values import (
    Scalar,
    compare_rule_value,
    compare_trait,
    fold_fragment,
    read_trait_values,
)

TRAITS = st.sampled_from(["industry", "employees", "title", "country", "company", "email_domain", "region"])


@pytest.mark.parametrize(
    ("trait", "sent", "told"),
    [
        ("title", "CEO", ["CEO"]),
        ("title", " CEO\u3000", ["CEO"]),
        ("title", ["CEO"], ["CEO"]),
        ("title", [["CEO"]], ["CEO"]),
        ("title", ["", "CEO", None], ["CEO"]),
        ("industry", ["Software", "Finance"], ["Software", "Finance"]),
        ("employees", 0, [0]),
        ("employees", [120], [120]),
        ("title", False, [False]),
        ("country", "NA", ["NA"]),
        ("title", "NA", []),
        ("title", "a\ud83d", ["a\ufffd"]),
        *[
            ("title", blank, [])
            for blank in (None, "", " ", "\u3000", "-", "N/A", "不明", "null", [], [" "], {"a": 1})
        ],
    ],
)
def test_what_is_told_is_unwrapped_and_a_blank_tells_nothing(trait: str, sent: Any, told: list[Any]) -> None:
    assert read_trait_values(trait, sent) == told


@pytest.mark.parametrize(
    ("trait", "told", "value"),
    [
        ("industry", "Software", "software"),
        ("industry", "ＳＯＦＴＷＡＲＥ ", "Software"),
        ("industry", 7372, "7372"),
        ("title", "ﾏﾈｰｼﾞｬｰ", "マネージャー"),
        ("title", "Vice\u3000President", "vice president"),
        ("employees", "200名", 200),
        ("employees", "51-200", 51),
        ("employees", "120", "１２０"),
        ("employees", "51-200", "51–200 employees"),
        ("country", "japan", "JP"),
        ("country", "日本", "Japan"),
        ("country", "JP ", "日本"),
        ("company", "株式会社X", "X Inc."),
        ("company", "㈱X", "株式会社X"),
        ("email_domain", "competitor.example", "Competitor.example"),
        ("email_domain", "xn--kln-sna.example", "KÖLN.example"),
        ("email_domain", "gmail.com competitor.example", "Competitor.example"),
        ("email_domain", "gmail.com xn--kln-sna.example", "KÖLN.example"),
        ("region", "emea", "EMEA"),
        ("title", True, "true"),
    ],
)
def test_a_rule_understands_what_is_told(trait: str, told: Scalar, value: Scalar) -> None:
    assert compare_rule_value(trait, value) in compare_trait(trait, told)


@pytest.mark.parametrize(
    ("trait", "told", "value"),
    [
        ("employees", "51-200", 200),
        ("employees", "many", 0),
        ("country", "Japan", "US"),
        ("company", "X", "Y"),
        ("industry", "Software", "Soft"),
    ],
)
def test_other_values_stay_apart(trait: str, told: Scalar, value: Scalar) -> None:
    assert compare_rule_value(trait, value) not in compare_trait(trait, told)


@given(TRAITS, st.text(max_size=20) | st.integers() | st.booleans() | st.floats(allow_nan=False))
def test_a_value_is_always_its_own(trait: str, value: Scalar) -> None:
    assert compare_rule_value(trait, value) in compare_trait(trait, value)


def test_a_fragment_keeps_the_blanks_that_mark_a_word() -> None:
    assert fold_fragment(" ＶＰ\u3000") == " vp "
    assert fold_fragment("VP") == "vp"

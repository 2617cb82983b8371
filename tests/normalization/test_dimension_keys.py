import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.normalization.dimension_keys import LONGEST_KEY, make_dimension_key, shorten_text

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)


@pytest.mark.parametrize("name", ["Summer", "SUMMER", "Summer ", "ｓｕｍｍｅｒ", "sum\u200bmer"])
def test_one_campaign_has_one_key(name: str) -> None:
    assert make_dimension_key(name, fold_case=True) == "summer"


def test_case_is_kept_on_request() -> None:
    assert make_dimension_key(" ＳＵＭＭＥＲ", fold_case=False) == "SUMMER"


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "\u3000",
        "(none)",
        "(not set)",
        "NULL",
        "{{campaign.name}}",
        "{{ad.id}} ",
        "{campaignid}",
        "%%CAMPAIGN%%",
        "${campaign}",
        "[CAMPAIGN_NAME]",
        "__CAMPAIGN_NAME__",
        "%campaign%",
        "*|CAMPAIGN|*",
        "<%= campaign %>",
        "#{campaign}",
        "%7B%7Bcampaign.name%7D%7D",
        "%7bcampaignid%7d",
    ],
)
def test_what_names_nothing_has_no_key(name: str | None) -> None:
    assert make_dimension_key(name, fold_case=True) is None


@pytest.mark.parametrize(
    "name",
    [
        "[summer]",
        "[/summer]",
        "{{a}} b",
        "50%% off",
        "spring_{{x}}",
        "na",
        "unknown",
        "a%20b",
        "5%",
        "[id card]",
    ],
)
def test_what_only_looks_like_a_macro_keeps_its_key(name: str) -> None:
    assert make_dimension_key(name, fold_case=True) == name


def test_a_long_name_keeps_its_beginning_and_its_identity() -> None:
    one, two = ("x" * 2700 + end for end in "ab")
    keys = {make_dimension_key(name, fold_case=True) for name in (one, two)}
    assert len(keys) == 2
    assert all(key and len(key) == LONGEST_KEY and key.startswith("x" * 87 + "~") for key in keys)
    assert shorten_text("x" * LONGEST_KEY, LONGEST_KEY) == "x" * LONGEST_KEY


@given(ANY_TEXT, st.booleans())
def test_a_key_is_its_own_key(name: str, fold_case: bool) -> None:
    key = make_dimension_key(name, fold_case=fold_case)
    assert key is None or make_dimension_key(key, fold_case=fold_case) == key

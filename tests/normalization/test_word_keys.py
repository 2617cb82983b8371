"""Words of the CRM as they are compared."""

import pytest

from leadops.normalization.word_keys import LONGEST_WORD_KEY, make_word_key


@pytest.mark.parametrize(
    "spelling",
    [
        "Working - Contacted",
        "working_contacted",
        "WORKING-CONTACTED",
        "  working  –  contacted ",
        "Working\u2014Contacted",
        "working \u2212 contacted",
        "ＷＯＲＫＩＮＧ＿ＣＯＮＴＡＣＴＥＤ",
        "work\u200bing\u00a0contacted",
    ],
)
def test_case_width_blanks_underscores_and_dashes_make_no_difference(spelling: str) -> None:
    assert make_word_key(spelling) == "workingcontacted"


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("受注", "受注"),
        ("フォロー中", "フォロー中"),  # the long vowel mark is a letter
        ("ｸﾛｰｽﾞ", "クローズ"),
        ("Закрыто - Успешно", "закрытоуспешно"),
        ("Abgeschloßen", "abgeschlossen"),
        ("KAPALI İ", "kapalii\u0307"),
        ("تم الفوز", "تمالفوز"),
        ("Closed/Won", "closed/won"),  # other signs do make a difference
        ("-", "-"),
        ("", ""),
    ],
)
def test_words_of_other_scripts(word: str, key: str) -> None:
    assert make_word_key(word) == key


def test_two_long_words_stay_two() -> None:
    long = "a" * 5_000
    keys = {make_word_key(long), make_word_key(long + "b"), make_word_key(f"{long[:50]} - {long[50:]}")}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {LONGEST_WORD_KEY}

"""Subjects and previews: their width, the words of the problem, the language of a lead."""

from typing import Any

import pytest
from pydantic import ValidationError

from leadops.nurture.message_texts import (
    MessageText,
    NurtureMessage,
    choose_language,
    has_word,
    measure_width,
)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Leads that wait", 15),
        ("リードの対応漏れ", 16),  # 8 letters of 2
        ("リード", 6),
        ("ﾘｰﾄﾞ", 4),  # half-width katakana
        ("ＡＢＣ", 6),
        ("5分でわかる", 11),
        ("Before – after…", 15),  # ambiguous letters among Latin ones
        ("導入前…導入後", 14),  # and among Japanese ones
        ("café", 4),
        ("cafe\u0301", 4),  # the same with a combining accent
        ("か\u3099", 2),  # が in two code points
        ("", 0),
    ],
)
def test_the_width(text: str, columns: int) -> None:
    assert measure_width(text) == columns


@pytest.mark.parametrize("subject", ["x" * 60, "あ" * 30, "あ" * 29 + "xx"])
def test_the_longest_subject(subject: str) -> None:
    assert MessageText(subject=subject, preview="あ" * 45).subject == subject


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ({"subject": "x" * 61}, "61 columns wide, at most 60"),
        ({"subject": "あ" * 30 + "x"}, "61 columns wide, at most 60"),
        ({"preview": "x" * 91}, "91 columns wide, at most 90"),
        ({"preview": "あ" * 46}, "92 columns wide, at most 90"),
        ({"subject": "Leads\nBcc: all@example.com"}, r"one line of letters that can be seen: 'Leads\\x0aBcc"),
        ({"subject": "Leads\u202e"}, "one line of letters that can be seen"),
        ({"subject": " Leads"}, "begin or end with a blank"),
        ({"subject": "リード\u3000"}, "begin or end with a blank"),
        ({"subject": ""}, "at least 1 character"),
        ({"preview": "LEADS"}, "the preview repeats the subject"),
    ],
)
def test_a_line_that_no_inbox_shows_well(lines: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError) as error:
        MessageText.model_validate({"subject": "Leads", "preview": "What to do"} | lines)
    assert fault in str(error.value)


def make_message(**changes: Any) -> dict[str, Any]:
    """Return a message that is in order, with changes."""
    return {
        "words": {"en": ["lead"], "ja": ["リード"]},
        "en": {"subject": "Leads that wait", "preview": "What to do"},
        "ja": {"subject": "リードの対応漏れ", "preview": "対策"},
    } | changes


def test_the_subject_names_the_problem_in_both_languages() -> None:
    message = NurtureMessage.model_validate(make_message())
    assert message.find_text("ja").subject == "リードの対応漏れ"
    assert message.find_text("en").preview == "What to do"
    with pytest.raises(ValidationError, match="subject in ja has none of the words"):
        NurtureMessage.model_validate(make_message(words={"en": ["lead"], "ja": ["費用", "効果"]}))
    with pytest.raises(ValidationError, match="words needs a list for ja"):
        NurtureMessage.model_validate(make_message(words={"en": ["lead"]}))
    with pytest.raises(ValidationError, match="at least 1 item"):
        NurtureMessage.model_validate(make_message(words={"en": [], "ja": ["リード"]}))


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("LEADS that wait", "lead", True),
        ("Misleading figures", "lead", False),
        ("An introduction", "introduc", True),
        ("ﾘｰﾄﾞの対応漏れ", "リード", True),  # half-width, as a text from a spreadsheet may be
        ("御社のリード対応", "リード", True),
        ("Ｌｅａｄ対応", "lead", True),
        ("Leads", " ", False),
    ],
)
def test_words_whatever_their_case_and_width(text: str, word: str, found: bool) -> None:
    assert has_word(text, word) is found


@pytest.mark.parametrize(
    ("locale", "country", "company", "language"),
    [
        ("ja", None, "en", "ja"),
        ("ja-JP", "US", "en", "ja"),  # the browser knows better than the address
        ("JA_jp", None, "en", "ja"),
        ("en-US", "JP", "ja", "en"),
        ("de-DE", "JP", "ja", "en"),
        ("jam", None, "ja", "en"),  # Jamaican Creole
        (None, "JP", "en", "ja"),
        (None, "jp", "en", "ja"),
        (None, "DE", "ja", "en"),
        (None, None, "ja", "ja"),
        ("", None, "ja", "ja"),
        ("?", "JP", "en", "ja"),
        ("c", None, "en", "en"),
        ("japanese", None, "en", "en"),  # the name of a language is not a locale
    ],
)
def test_the_language_of_a_lead(locale: str | None, country: str | None, company: Any, language: str) -> None:
    assert choose_language(locale=locale, country=country, company=company) == language

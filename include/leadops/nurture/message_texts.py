"""The lines of a message that the MA's template shows, in both languages, checked as they are read."""

import re
import unicodedata
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from leadops.normalization.clean_text import fold_text
from leadops.normalization.visible_text import show_text
from leadops.settings import Settings

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")

#: How wide a line is at most, in columns, of which a full-width letter takes two: inboxes cut what is longer.
SUBJECT_COLUMNS, PREVIEW_COLUMNS = 60, 90


def measure_width(text: str) -> int:
    """Return how many columns `text` takes: two for a full-width letter, none for a combining one.

    Letters whose width depends on the font (UAX #11: ambiguous, such as the dash and the ellipsis) count as
    full-width beside Japanese ones, as Japanese fonts draw them.
    """
    wide = "WFA" if any(unicodedata.east_asian_width(letter) in "WF" for letter in text) else "WF"
    return sum(
        2 if unicodedata.east_asian_width(letter) in wide else 1
        for letter in unicodedata.normalize("NFC", text)
        if not unicodedata.combining(letter) and letter not in "\u200d\ufe0e\ufe0f"
    )


def check_line(text: str, *, columns: int) -> str:
    """Return `text`; raise ValueError if it is wider than `columns`, or not one line that can be seen."""
    if show_text(text) != text:
        raise ValueError(f"it must be one line of letters that can be seen: {show_text(text)!r}")
    if text != text.strip():
        raise ValueError("it must not begin or end with a blank")
    width = measure_width(text)
    if width > columns:
        raise ValueError(
            f"inboxes cut it: it is {width} columns wide, at most {columns} are shown"
            " (a full-width letter takes 2)"
        )
    return text


def _check_subject(text: str) -> str:
    return check_line(text, columns=SUBJECT_COLUMNS)


def _check_preview(text: str) -> str:
    return check_line(text, columns=PREVIEW_COLUMNS)


class MessageText(Settings):
    """The lines of a message in one language."""

    subject: Annotated[str, Field(min_length=1), AfterValidator(_check_subject)]
    preview: Annotated[str, Field(min_length=1), AfterValidator(_check_preview)]

    @model_validator(mode="after")
    def _must_differ(self) -> Self:
        if fold_text(self.subject) == fold_text(self.preview):
            raise ValueError("the preview repeats the subject; say what the subject leaves open")
        return self


class NurtureMessage(Settings):
    """A message in both languages, and the words of the reader's problem: a subject has one of them."""

    words: dict[Language, Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]]
    en: MessageText
    ja: MessageText

    def find_text(self, language: Language) -> MessageText:
        """Return the lines in a language."""
        return self.ja if language == "ja" else self.en

    @model_validator(mode="after")
    def _must_name_the_problem(self) -> Self:
        for language in LANGUAGES:
            words = self.words.get(language)
            if words is None:
                raise ValueError(f"words needs a list for {language}")
            subject = self.find_text(language).subject
            if not any(has_word(subject, word) for word in words):
                raise ValueError(
                    f"the subject in {language} has none of the words of the reader's problem:"
                    f" {', '.join(words)}"
                )
        return self


def has_word(text: str, word: str) -> bool:
    """Return whether `text` has `word`, whatever its case and width; a word of ASCII letters begins there.

    So "introduc" is found in "introduction", and "lead" in "leads", but not in "misleading".
    """
    folded = fold_text(word)
    begin = r"(?<![a-z0-9])" if folded[:1].isascii() and folded[:1].isalnum() else ""
    return bool(folded) and re.search(begin + re.escape(folded), fold_text(text)) is not None


def choose_language(*, locale: str | None, country: str | None, company: Language) -> Language:
    """Return the language in which a lead is written to.

    It is that of the lead's browser or profile (`locale`, such as ja or ja-JP), else Japanese in Japan and
    English in every other `country` (ISO 3166-1), else the company's. Other languages than ours get English.
    """
    named = re.match(r"[a-z]{2,3}(?![a-z])", locale.strip().lower()) if locale else None
    if named:
        return "ja" if named[0] in ("ja", "jpn") else "en"
    if country:
        return "ja" if country.upper() == "JP" else "en"
    return company

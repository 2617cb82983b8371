"""The texts of a report, in English and Japanese, from notifications/messages.yaml."""

from typing import TYPE_CHECKING

from leadops.normalization.visible_text import show_text
from leadops.notifications.messages import read_section

if TYPE_CHECKING:
    from leadops.reports.boxes import Box  # loads numpy, which who only posts a report does without

LANGUAGES = ("en", "ja")
#: Language → key → text.
REPORT_TEXTS = {language: read_section("report", language) for language in LANGUAGES}
CAUSE_TEXTS = {language: read_section("report_causes", language) for language in LANGUAGES}


def say_span(minutes: float, language: str) -> str:
    """Return minutes as words: `45 min`, `3.2 h`; working hours are not summed up to days."""
    if minutes < 60:
        return f"{minutes:.0f} min" if language == "en" else f"{minutes:.0f}分"
    return f"{minutes / 60:.1f} h" if language == "en" else f"{minutes / 60:.1f}時間"


def say_label(box: "Box", none: str, language: str) -> str:
    """Return the name of a row, what nobody sees as an escape; `none` is the text for rows without a name."""
    if box.others:
        return REPORT_TEXTS[language]["others"].format(others=box.others)
    return show_text(box.label) if box.label else REPORT_TEXTS[language][none]

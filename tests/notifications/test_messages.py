"""One catalogue: every text in both languages, with the same facts; every kind has its texts and its page."""

import re
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

from leadops.incidents.kinds import GROUPS, KINDS, load_incident_catalogue
from leadops.notifications.markup import escape
from leadops.notifications.messages import Messages, load_messages
from tests.shipped import SHIPPED, change

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
NOT_FOR_ALERTS = {"README", "inside-sales"}
SECTIONS = {
    **load_messages(),
    "groups": load_incident_catalogue()["groups"],
    **{kind.name: kind.text for kind in KINDS.values()},
}
ENTRIES = [(section, key, entry) for section, entries in SECTIONS.items() for key, entry in entries.items()]


def placeholders(text: str) -> list[list[tuple[str | None, str | None]]]:
    """Return name and format of every placeholder, line by line: a line is left out as a whole.

    Japanese nouns have no plural: what English counts with a noun is a plain fact there.
    """
    plain = {"g", "list"}
    return [
        sorted(
            (name, "" if "|" in (spec or "") or spec in plain else spec)
            for _, name, spec, _ in Formatter().parse(line)
            if name is not None
        )
        for line in text.strip().splitlines()
    ]


@pytest.mark.parametrize(("section", "key", "entry"), ENTRIES, ids=lambda value: str(value)[:20])
def test_both_languages_say_the_same_with_the_same_facts(section, key, entry):
    assert sorted(entry) == ["en", "ja"], f"{section}.{key}"
    assert entry["en"].strip()
    assert entry["ja"].strip()
    assert placeholders(entry["en"]) == placeholders(entry["ja"]), f"{section}.{key}"


def test_every_kind_has_its_texts_and_every_group_a_kind():
    for kind in KINDS.values():
        assert set(kind.text) == {"label", "what", "severity", "impact", "action"}, kind.name
        assert kind.form_subject(kind.example)
    assert {kind.group for kind in KINDS.values()} == set(GROUPS)


def test_every_kind_has_a_runbook_and_every_runbook_a_kind():
    pages = {page.stem: page.read_text() for page in RUNBOOKS.glob("*.md") if page.stem not in NOT_FOR_ALERTS}
    assert set(pages) == set(KINDS)
    for kind, text in pages.items():
        headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
        assert headings == [
            "What it means",
            "First look",
            "Usual causes",
            "What to do",
            "How it ends",
            "When to wake somebody",
        ], kind


def test_a_line_without_its_fact_is_left_out_and_facts_cannot_speak_markup():
    messages = Messages(SHIPPED.company)
    facts = {"times": 2, "error": "<!channel> & co", "task_id": None}
    assert (
        messages.fill(KINDS["dag_failed"].text["severity"], facts) == "failures: 2\n&lt;!channel&gt; &amp; co"
    )
    assert escape("a<b>&c") == "a&lt;b&gt;&amp;c"


@pytest.mark.parametrize(
    ("span", "en", "ja"),
    [
        (timedelta(seconds=59), "under 1 min", "1分未満"),
        (timedelta(minutes=59, seconds=59), "59 min", "59分"),
        (timedelta(hours=1), "1 h 0 min", "1時間0分"),
        (timedelta(hours=49), "2 d 1 h", "2日1時間"),
    ],
)
def test_durations_are_words(span, en, ja):
    assert Messages(SHIPPED.company).show_span(span) == en
    assert Messages(change(SHIPPED.company, language="ja")).show_span(span) == ja


def test_times_are_the_companys():
    assert Messages(change(SHIPPED.company, timezone="Europe/Berlin")).show_time(
        "2026-07-30T17:00:00+00:00"
    ) == ("2026-07-30 19:00 CEST")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 leads"),
        (1, "1 lead"),
        (1.0, "1 lead"),
        (2, "2 leads"),
        (2.5, "2.5 leads"),
        ([4], "lead 4"),
        ([4, 7], "leads 4, 7"),
        ("<1>", "&lt;1&gt; leads"),
    ],
)
def test_a_noun_agrees_with_its_number(value, expected):
    text = {"en": "{count:lead|leads}", "ja": "{count}"}
    assert Messages(SHIPPED.company).fill(text, {"count": value}) == expected


def test_a_single_lead_is_not_called_leads():
    for kind in KINDS.values():
        facts = {name: change_to_one(name, value) for name, value in kind.example.items()}
        for part, text in kind.text.items():
            filled = Messages(SHIPPED.company).fill(text, facts)
            plural = re.search(r"\b1 (?!is\b|has\b|does\b|was\b)[a-z]+s\b|\bleads 4711$", filled)
            assert not plural, (kind.name, part, filled)


def change_to_one(name, value):
    """Return the fact of an incident with one lead, one event, one of everything."""
    if name == "lead_ids":
        return [4711]
    if isinstance(value, list):
        return ["reason"]
    return 1 if isinstance(value, int) and value > 1 else value

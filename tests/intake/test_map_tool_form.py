"""What each tool sends, as a form of our contract; the values are read off the bodies by eye."""

from typing import Any

import pytest

from leadops.events.form_tools import FormTool
from leadops.intake.map_tool_form import find_leads, find_path, map_tool_form
from tests.intake.tool_bodies import FACEBOOK, FACEBOOK_DETAILS, GOOGLE, HUBSPOT, TYPEFORM, WEBFLOW
from tests.shipped import SHIPPED

TOOLS = SHIPPED.forms.tools
SECRETLESS = {name: value for name, value in GOOGLE.items() if name != "google_key"}
MAPPED: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "typeform": (
        TYPEFORM,
        {
            "email": "ann@buyers.example",
            "submission_id": "a3a12ec67a1365927098a606107fac15",
            "form": "Contact us",
            "ts": "2026-07-01T09:20:00+00:00",
            "anonymous_id": "b-4711",
            "context": {"consent": True, "utm": {"campaign": "summer"}},
            "properties": {
                "first_name": "Ann",
                "employees": 120,
                "shown_at": "2026-07-01T09:18:00Z",
                "cities": ["London", "Sydney"],
                "colour": "Blue",
            },
        },
        ["cities", "colour"],
    ),
    "webflow": (
        WEBFLOW,
        {
            "email": "zaphod@heartofgold.example",
            "submission_id": "6321ca84df3949bfc6752327",
            "form": "Contact Us",
            "ts": "2026-07-01T09:20:00+00:00",
            "properties": {"first_name": "Zaphod", "last_name": "Beeblebrox", "Phone Number": 15550000000},
        },
        ["Phone Number"],
    ),
    "hubspot": (
        HUBSPOT,
        {
            "email": "ann@buyers.example",
            "form": "Contact us",
            "ts": "2026-07-01T09:20:00+00:00",
            "properties": {
                "first_name": "Ann",
                "company": "Buyers",
                "lifecyclestage": "lead",
                "recent_conversion_date": "1782897600000",
                "recent_conversion_event_name": "Contact us",
            },
        },
        ["lifecyclestage", "recent_conversion_date", "recent_conversion_event_name"],
    ),
    "facebook": (
        FACEBOOK_DETAILS,
        {
            "email": ["ann@buyers.example"],
            "submission_id": "444444444444",
            "form": "555",
            "ts": "2026-07-01T09:20:00+00:00",
            "properties": {"company": ["Buyers"], "full_name": ["Ann Sato"]},
        },
        ["full_name"],
    ),
    "google": (
        SECRETLESS,
        {
            "email": "ann@buyers.example",
            "submission_id": "TeSter-123-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "form": 40000000000,
            "context": {"utm": {"campaign": 123}},
            "properties": {"FULL_NAME": "Ann Sato", "what_is_your_budget?": "1M"},
        },
        ["FULL_NAME", "what_is_your_budget?"],
    ),
}


@pytest.mark.parametrize("name", sorted(MAPPED))
def test_each_tools_body_becomes_a_form(name: str) -> None:
    body, content, unmapped = MAPPED[name]
    mapped = map_tool_form(body, TOOLS[name])
    assert mapped.content == content
    assert mapped.unmapped == unmapped
    assert mapped.has_answers


def test_every_shipped_tool_is_tried() -> None:
    assert MAPPED.keys() == TOOLS.keys()


def test_a_lead_of_facebook_has_ids_alone() -> None:
    leads = find_leads(FACEBOOK, "entry.*.changes.*.value")
    assert [lead["leadgen_id"] for lead in leads] == ["444444444444", "444444444445"]
    mapped = map_tool_form(leads[0], TOOLS["facebook"])
    assert not mapped.has_answers
    assert mapped.content == {
        "submission_id": "444444444444",
        "form": "555",
        "ts": "2026-07-01T09:20:00+00:00",
    }


def test_hubspots_own_body_is_read_as_well() -> None:
    body = {"email": "ann@buyers.example", "firstname": "Ann", "submission_id": "s-1", "budget": "1M"}
    assert map_tool_form(body, TOOLS["hubspot"]).content == {
        "email": "ann@buyers.example",
        "submission_id": "s-1",
        "properties": {"first_name": "Ann", "budget": "1M"},
    }


def make_tool(**parts: Any) -> FormTool:
    shown = {"token": {"header": "X-Token"}, "answers": {"at": ["."]}, "fields": {"email": ["email"]}}
    return FormTool.model_validate(shown | parts)


def test_the_first_filled_source_counts() -> None:
    tool = make_tool(
        fields={"email": ["work_email", "email"]}, body={"email": ["contact.mail"], "form": ["a", "b"]}
    )
    for body, email in (
        ({"work_email": "w@x.example", "email": "e@x.example"}, "w@x.example"),
        ({"work_email": " ", "EMAIL": "e@x.example"}, "e@x.example"),
        ({"work_email": None, "contact": {"mail": "c@x.example"}}, "c@x.example"),
    ):
        assert map_tool_form(body, tool).content["email"] == email
    assert map_tool_form({"a": "", "b": "second"}, tool).content == {"form": "second"}


def test_boxes_of_one_name_become_a_list() -> None:
    tool = make_tool(answers={"at": ["answers"], "names": ["q"], "values": ["a"]})
    body = {
        "answers": [
            {"q": "topic", "a": "x"},
            {"q": "topic", "a": "y"},
            {"q": "topic", "a": "z"},
            {"a": "?"},
            7,
        ]
    }
    content = map_tool_form(body, tool).content
    assert content == {"properties": {"topic": ["x", "y", "z"], "answer_4": "?", "answer_5": 7}}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Yes", True),
        ("on", True),
        ("false", False),
        (1, True),
        (True, True),
        ("I agree to all", "I agree to all"),
    ],
)
def test_a_ticked_box_is_consent_and_a_sentence_is_not(given: object, kept: object) -> None:
    tool = make_tool(fields={"email": ["email"], "context.consent": ["terms"]})
    assert map_tool_form({"terms": given}, tool).content == {"context": {"consent": kept}}


@pytest.mark.parametrize(
    ("given", "ts"),
    [
        (1782897600, "2026-07-01T09:20:00+00:00"),
        ("1782897600", "2026-07-01T09:20:00+00:00"),
        (1782897600500, "2026-07-01T09:20:00.500000+00:00"),
        ("2026-07-01T18:20:00+0900", "2026-07-01T18:20:00+09:00"),
        ("2026-07-01 09:20", "2026-07-01 09:20"),
        ("soon", "soon"),
        (10**30, 10**30),
    ],
)
def test_times_of_tools(given: object, ts: object) -> None:
    tool = make_tool(body={"ts": ["at"]})
    assert map_tool_form({"at": given}, tool).content == {"ts": ts}


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b", 1), ("a.c", None), ("l.0.x", 2), ("l.x", [2, 3]), ("l.9", None), ("a.b.c", None), (".", "all")],
)
def test_paths(path: str, found: object) -> None:
    body = {"a": {"b": 1}, "l": [{"x": 2}, {"x": 3}]}
    assert find_path(body, path) == (body if found == "all" else found)

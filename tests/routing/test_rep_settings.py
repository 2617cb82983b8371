"""What reps.yaml says of a person, and which of its files are refused."""

from pathlib import Path
from typing import Any

import pytest

from leadops.config.load_config import load_section
from leadops.errors import ConfigError
from leadops.routing.rep_settings import RepEntry, RepMatch, RepSettings, has_profile
from tests.shipped import SHIPPED, change


def people(**reps: Any) -> RepSettings:
    return change(SHIPPED.reps, reps=reps)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("without_profile: maybe", "no_leads"),
        ("reps: {a@x.example: {regoins: [Kanto]}}", "regoins"),
        ("reps: {a@x.example: {capacity_per_day: -1}}", "capacity_per_day"),
        ("reps: {a@x.example: {regions: Kanto}}", "regions"),
        ("reps: {a@x.example: {zone: Tokyo}}", "zone"),
        ('reps: {a@x.example: {working_hours: {days: [8], start: "09:00", end: "18:00"}}}', "days"),
        ("reps: {a@x.example: {away: [{from: 2026-12-28, to: 2026-12-27}]}}", "before"),
        ("reps: {a@x.example: {slack_id: '@aoi'}}", "slack_id"),
        ("reps: {a@x.example: {}, A@X.example: {}}", "same address"),
        ('reps: {" ": {}}', "mail address or an id"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_line(tmp_path: Path, line: str, text: str) -> None:
    path = tmp_path / "reps.yaml"
    path.write_text(f"# ours\n{line}\n")
    with pytest.raises(ConfigError, match=rf"reps\.yaml:2: .*{text}"):
        load_section("reps", RepSettings, own=path)


def test_a_person_is_found_by_id_or_by_mail_in_any_spelling() -> None:
    found = people(**{"Aoi@Example.com": {"regions": ["Kanto"]}, "151": {"capacity_per_day": 3}})
    by_mail = RepMatch(RepEntry(regions=["Kanto"]), "Aoi@Example.com")
    assert found.find("7", "aoi@example.COM ") == by_mail
    assert found.find("151", None) == RepMatch(RepEntry(capacity_per_day=3), "151")
    assert found.find("15", "ren@example.com") == RepMatch()
    assert found.find("7", 5) == RepMatch()
    both = found.find("151", "aoi@example.com")
    assert (both.key, both.others) == ("151", ("Aoi@Example.com",))


def test_an_entry_by_address_is_shared_unless_an_entry_by_id_is_nearer() -> None:
    found = people(**{"a@x.example": {}, "b@x.example": {}, "3": {}})
    users = [("1", "A@x.example"), ("2", "b@x.example"), ("3", "b@x.example"), ("4", None), ("5", None)]
    assert found.find_shared(users) == frozenset()
    assert found.find_shared([*users, ("6", "a@X.example ")]) == {"a@x.example"}


def test_what_the_entry_says_stands_and_the_rest_stays_as_the_crm_says() -> None:
    entry = RepEntry.model_validate(
        {"languages": ["de"], "away": [{"from": "2026-12-28", "to": "2026-12-31"}], "regions": []}
    )
    told = {"name": "Aoi", "regions": ["Kanto"], "languages": ["ja"], "capacity_per_day": 4}
    assert entry.lay_over(told) == {
        "name": "Aoi",
        "regions": [],
        "languages": ["de"],
        "capacity_per_day": 4,
        "away": [{"from": "2026-12-28", "to": "2026-12-31"}],
    }


@pytest.mark.parametrize(
    ("profile", "is_one"),
    [
        ({}, False),
        ({"name": "Aoi", "email": "a@x", "zone": "Asia/Tokyo", "away": []}, False),
        ({"regions": [], "languages": None, "working_hours": {}}, False),
        ({"languages": ["ja"]}, True),
        ({"capacity_per_day": 0}, True),
        ({"working_hours": {"days": [1], "start": "09:00", "end": "10:00"}}, True),
    ],
)
def test_what_counts_as_a_profile(profile: dict[str, Any], is_one: bool) -> None:
    assert has_profile(profile) is is_one

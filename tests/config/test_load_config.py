"""A user's file is laid over the shipped one, and every fault has its file and line."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from leadops.config.load_config import load_file, load_section, shipped_file
from leadops.configuration import SECTIONS, Config
from leadops.errors import ConfigError
from leadops.events.validate_event import validate_item
from leadops.settings import Settings
from tests.shipped import SHIPPED

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def config(folder: Path, section: str, text: str) -> Config:
    (folder / f"{section}.yaml").write_text(text, encoding="utf-8")
    return Config(folder)


def refuse(folder: Path, section: str, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        getattr(config(folder, section, text), section)
    return str(caught.value)


def test_one_line_leaves_the_other_shipped_settings_as_they_are(tmp_path: Path) -> None:
    events = config(tmp_path, "events", "max_age_hours: 100\n").events
    assert events == SHIPPED.events.model_copy(update={"max_age_hours": 100})
    item = {
        "event_id": "0197f3a0-0000-7000-8000-000000000001",
        "event": "page_view",
        "ts": "2026-06-01T00:00:00Z",
        "user_id": "undefined",
        "properties": {},
        "context": {"consent": True},
    }
    judged = validate_item(item, now=NOW, arrived_at=NOW, settings=events, history=False)
    assert judged.reason == "placeholder_id"  # type: ignore[union-attr]
    assert "headless" in events.bots.also


@pytest.mark.parametrize(
    ("section", "text", "path", "value"),
    [
        ("identity", "leads_per_person: 4", "merge_by", ["enrichment_id", "user_id"]),
        ("identity", "blocked: {email: [a@x.example]}", "blocked.anonymous_id", []),
        ("scoring", "decay: {half_life_days: 10}", "decay.grace_days", 30),
        ("sla", "holidays: {extra: [2026-12-29]}", "holidays.country", "JP"),
        ("events", "bots: {also: [mine]}", "bots.also", ("mine",)),
        ("events", "placeholder_ids: []", "placeholder_ids", frozenset()),
        ("scoring", "decay: null", "decay", None),
        ("thresholds", "automatic: false", "automatic", False),
        ("delivery", "targets: {crm: {burst: 7}}", "targets.crm.calls_per_second", 100),
        (
            "routing",
            "holidays: {Asia/Singapore: null}",
            "holidays",
            {"Asia/Tokyo": "JP", "Europe/Berlin": "DE"},
        ),
        ("routing", "holidays: !only {Asia/Seoul: KR}", "holidays", {"Asia/Seoul": "KR"}),
        ("attribution", "touches: {events: {ad_click: null}}", "touches.events.ad_click", None),
    ],
)
def test_mappings_are_merged_and_lists_replaced(
    tmp_path: Path, section: str, text: str, path: str, value: object
) -> None:
    found = getattr(config(tmp_path, section, text), section)
    for step in path.split("."):
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    assert found == value


@pytest.mark.parametrize("text", ["# nothing yet\n", "# nothing", "---\n# nothing yet\n", "{}\n"])
def test_a_file_of_comments_is_the_shipped_one(tmp_path: Path, text: str) -> None:
    for section in SECTIONS:
        assert getattr(config(tmp_path, section, text), section) == getattr(SHIPPED, section)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("---\n", "the file is empty"),
        ("\ufeff", "the file is empty"),
        ("null\n", "the file must hold settings"),
        ("~", "the file must hold settings"),
        ("[]", "the file must hold settings"),
        ("false", "the file must hold settings"),
        ("0", "the file must hold settings"),
        ("some text", "the file must hold settings"),
        ("[" * 200_000, "is nested too deeply"),
    ],
)
def test_what_is_empty_or_of_another_type_is_no_file_of_settings(
    tmp_path: Path, section: str, text: str, says: str
) -> None:
    assert refuse(tmp_path, section, text).startswith(f"{tmp_path / section}.yaml:1: {says}")


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    "value", ["null", "[]", "{}", "[null]", "{a: {b: null}}", "text", "-1", "1.5", "true"]
)
def test_a_value_of_any_type_is_accepted_or_named_with_its_line(
    tmp_path: Path, section: str, value: str
) -> None:
    """No check of a model fails over a value that it did not foresee."""
    own = config(tmp_path, section, "")
    for key in type(getattr(SHIPPED, section)).model_fields:
        text = f"{key}: {value}\n"
        if section == "scoring" and key != "behaviour":
            text += "behaviour: [{name: a, event: e, points: 5, group: b}]\n"
        own = config(tmp_path, section, text)
        with suppress(ConfigError):
            getattr(own, section)
            continue
        assert re.match(r"[^:]+\.yaml:\d+: ", refuse(tmp_path, section, text))


@pytest.mark.parametrize(
    ("section", "text", "says"),
    [
        ("events", "[]", "events.yaml:1: the file must hold settings"),
        ("events", "# here\nfalse", "events.yaml:2: the file must hold settings"),
        (
            "events",
            "max_depth: 5\nbots:\n  also: []\n  also: []",
            "events.yaml:4: .*duplicate key also, first in line 3",
        ),
        ("events", "max_age_hour: 3", "events.yaml:1: max_age_hour: .*did you mean max_age_hours"),
        ("events", "bots:\n  neverr: []", r"events.yaml:2: bots.neverr: .*did you mean never\?"),
        ("events", "bots:\n", "events.yaml:1: bots: "),
        ("kpi", "versions:\n- version: a\n  effective_from: 2026-02-30", "kpi.yaml:3: .*day"),
        ("alerts", "cdp_lag_minutes: 1", "alerts.yaml:1: : .*cdp_lag_clear_minutes must not be above"),
        ("events", "max_depth: !!python/name:os.system x", "events.yaml:1: not valid YAML"),
        ("routing", "queue: {name: inside-sales}", "routing.yaml:1: : .*different names"),
    ],
)
def test_a_fault_has_its_file_and_line(tmp_path: Path, section: str, text: str, says: str) -> None:
    refusal = refuse(tmp_path, section, text)
    assert refusal.startswith(str(tmp_path))
    assert re.search(says, refusal), refusal


def test_a_fault_in_a_shipped_key_names_the_shipped_file_and_the_way_out(tmp_path: Path) -> None:
    refusal = refuse(tmp_path, "scoring", "groups: {weak_signals: null}")
    assert re.match(
        rf"{shipped_file('scoring')}:\d+: behaviour.11.group: .*groups has no weak_signals", refusal
    )
    assert f"{tmp_path}/scoring.yaml can replace it" in refusal


def test_own_rules_leave_out_the_shipped_groups_that_they_do_not_use(tmp_path: Path) -> None:
    rule = "behaviour:\n- {name: a, event: e, points: 5"
    own = config(tmp_path, "scoring", f"{rule}, group: weak_signals}}\n").scoring
    assert list(own.groups) == ["weak_signals"]
    none = config(tmp_path, "scoring", f"{rule}}}\n").scoring
    assert (none.groups, none.decay and none.decay.groups) == ({}, {})


class Renamed(Settings):
    """A model in which a key has a new name."""

    renamed: ClassVar[dict[str, str]] = {"least": "min_leads"}
    min_leads: int


def test_a_renamed_key_names_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("min_leads: 1\nleast: 2\n")
    with pytest.raises(ConfigError, match=r"some\.yaml:2: least: .*least is now called min_leads; rename it"):
        load_file(path, Renamed)


def test_each_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from leadops.config import load_config

    parsed: list[Path] = []
    parse = load_config.parse_file
    monkeypatch.setattr(load_config, "parse_file", lambda path: parsed.append(path) or parse(path))
    own = config(tmp_path, "sla", "median: {min_leads: 6}\n")
    assert (own.sla.median.min_leads, own.sla.zone, own.kpi.zone) == (6, own.company.zone, own.company.zone)
    assert sorted(path.name for path in parsed) == ["company.yaml", "kpi.yaml", "sla.yaml", "sla.yaml"]
    assert load_section("sla", type(own.sla)).settings == SHIPPED.sla.model_validate(SHIPPED.sla.model_dump())
    assert shipped_file("sla") in parsed

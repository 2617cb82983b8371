from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from leadops.config.load_config import load_section
from leadops.errors import ConfigError
from leadops.scoring.scoring_rules import RuleSet
from tests.shipped import SHIPPED

TOKYO = ZoneInfo("Asia/Tokyo")
RULE = "{name: a, event: e, points: 5"


def refuse(tmp_path: Path, text: str) -> str:
    path = tmp_path / "scoring.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_section("scoring", RuleSet, own=path)
    return str(caught.value).removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            f"behaviour:\n- {RULE}}}\n- {RULE}}}",
            "3: behaviour.1.name: a rule above is called a; names are unique",
        ),
        (
            f"behaviour:\n- {RULE}}}\nfit:\n- {{name: a, trait: title, points: 1, when: {{equals: x}}}}",
            "4: fit.0.name",
        ),
        (
            f"behaviour:\n\n- {RULE}, when: {{context.page: {{is: x}}}}}}",
            "3: behaviour.0.when.context.page.is: Extra",
        ),
        (f"behaviour:\n- {RULE}, when: {{page: {{equals: x}}}}}}", "2: behaviour.0.when.page"),
        *(
            (
                f"behaviour:\n- {RULE}, when: {{context.page: {{{operator}}}}}}}",
                "2: behaviour.0: Value error, the path of a page is compared by its segments: write path",
            )
            for operator in ("contains: /x", "starts_with: [x, /x]", "equals: /x", "in: [1, /x]")
        ),
        (
            f"behaviour:\n- {RULE}, when: {{context.page: {{path: [/x, pricing]}}}}}}",
            "2: behaviour.0.when.context.page: Value error, 'pricing' must be a path such as /pricing",
        ),
        (
            f"behaviour:\n- {RULE}, when: {{context.page: {{path: /x, path_is: /x/y}}}}}}",
            "2: behaviour.0.when.context.page: Value error, give path",
        ),
        (
            f"behaviour:\n- {RULE}, when: {{context.referrer: {{path: /x}}}}}}",
            "2: behaviour.0: Value error, path and path_is are for context.page",
        ),
        (
            "fit:\n- {name: a, trait: title, points: 1, when: {path_is: /x}}",
            "2: fit.0: Value error, path and path_is are for context.page; a trait",
        ),
        ("page_locales: [ja, no]", '1: page_locales.1: Value error, to YAML no is false; write "no"'),
        ("page_locales: [/ja]", "1: page_locales.0: String should match"),
        ("behaviour:\n- name: a\n  event: e\n  points: 0", "4: behaviour.0.points: Value error, points of 0"),
        ("behaviour:\n- name: a\n  event: e\n  points: 1.5", "4: behaviour.0.points"),
        (
            f"behaviour:\n- {RULE}, cap_per_day: 9, cap_per_lead: 8}}",
            "2: behaviour.0: Value error, cap_per_day 9 is over",
        ),
        (
            f"behaviour:\n- {RULE}, cap_per_day: 4}}",
            "2: behaviour.0: Value error, cap_per_day 4 is under the rule's points 5",
        ),
        (f"behaviour:\n- {RULE}, group: g}}", "2: behaviour.0.group: groups has no g; add it"),
        (
            f"groups: {{g: {{cap_per_day: 9}}}}\nbehaviour:\n- {RULE}, group: g}}\n"
            "- {name: b, event: e, points: -5, group: g}",
            "4: behaviour.1.group: group g mixes points over and under 0",
        ),
        ("groups:\n  g: {cap_per_day: 9}", "2: groups.g: no rule is in group g"),
        (f"groups:\n  g: {{}}\nbehaviour:\n- {RULE}, group: g}}", "2: groups.g: a group needs cap_per_day"),
        ("grades:\n  fit: [20, 40, 0]", "1: grades: Value error, fit must fall"),
        ("grades: {lowest: 10, highest: 10}", "1: grades: Value error, lowest 10 must be under"),
        ("fit:\n- {name: a, trait: shoe, points: 1, when: {equals: x}}", "2: fit.0.trait"),
        ("fit:\n- {name: a, trait: title, points: 1}", "2: fit.0.when: Field required"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    assert refuse(tmp_path, text).startswith(fault)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    told = refuse(tmp_path, f"behaviour:\n- {RULE}}}\n- {RULE}, group: g}}\n- {RULE}, group: h}}")
    assert len(told.splitlines()) == 4


def test_the_default_rules_weigh_intent_over_habit() -> None:
    rules = SHIPPED.scoring
    points = {rule.name: rule.points for rule in [*rules.behaviour, *rules.fit]}
    strong = ["view_pricing", "pricing_page", "request_document", "brand_search", "comparison_dwell"]
    assert min(points[name] for name in strong) >= 10 * max(
        points[name] for name in ("mail_open", "top_page")
    )
    assert max(points[name] for name in ("unsubscribe", "job_seeker", "competitor", "job_seeker_title")) < 0


def test_a_label_is_shown_and_decides_no_points() -> None:
    rules = SHIPPED.scoring
    assert rules.labels()["view_pricing"] == {"en": "Looked at prices", "ja": "価格を確認"}
    first = rules.behaviour[0]
    bare = first.model_copy(update={"label": {}})
    other = rules.model_copy(update={"behaviour": [bare, *rules.behaviour[1:]]})
    assert first.name not in other.labels()
    assert other.hash(TOKYO) == rules.hash(TOKYO)
    assert RuleSet.from_body(rules.body(TOKYO), like=rules)[0].labels() == {}
    with pytest.raises(ValidationError, match=r"label\.fr"):
        type(first).model_validate({"name": "x", "event": "y", "points": 1, "label": {"fr": "z"}})


def test_the_hash_is_of_what_decides_points() -> None:
    rules = SHIPPED.scoring
    turned = rules.model_copy(update={"behaviour": rules.behaviour[::-1], "chunk_leads": 7})
    assert turned.hash(TOKYO) == rules.hash(TOKYO)
    assert rules.hash(ZoneInfo("Europe/Berlin")) != rules.hash(TOKYO)
    first = rules.behaviour[0].model_copy(update={"points": 14})
    assert rules.model_copy(update={"behaviour": [first, *rules.behaviour[1:]]}).hash(TOKYO) != rules.hash(
        TOKYO
    )
    capped = {
        **rules.groups,
        "weak_signals": rules.groups["weak_signals"].model_copy(update={"cap_per_day": 4}),
    }
    assert rules.model_copy(update={"groups": capped}).hash(TOKYO) != rules.hash(TOKYO)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "decay:\n  rules:\n    unknown: {half_life_days: 5}",
            "3: decay.rules.unknown: behaviour has no rule unknown; remove it",
        ),
        (
            "decay:\n  groups:\n    unknown: {half_life_days: 5}",
            "3: decay.groups.unknown: groups has no unknown; remove it",
        ),
    ],
)
def test_decay_of_what_does_not_exist_is_a_fault_at_its_place(tmp_path: Path, text: str, fault: str) -> None:
    assert refuse(tmp_path, text) == fault


def test_a_page_may_be_compared_with_what_is_not_a_path(tmp_path: Path) -> None:
    path = tmp_path / "scoring.yaml"
    site = "{starts_with: 'https://shop.example/', contains: [plan=, '#/plans'], path: /pricing}"
    path.write_text(f"behaviour:\n- {RULE}, when: {{context.page: {site}}}}}", encoding="utf-8")
    (rule,) = load_section("scoring", RuleSet, own=path).settings.behaviour
    assert [str(pattern) for pattern in rule.page_patterns()] == ["path: /pricing"]

"""The programmes as a file says them: what ships, and every mistake with its line."""

from datetime import time, timedelta
from pathlib import Path

import pytest
import yaml

from leadops.config.load_config import load_section
from leadops.errors import ConfigError
from leadops.nurture.nurture_settings import NurtureSettings, hash_body
from tests.shipped import SHIPPED

#: A programme that is right, by lines; a test replaces one of them.
FILE = """\
programmes:
  trial:
    entry:
      - event: page_view
        when: {context.page: {path: /trial}}
    takes_members: true
    reentry_after: 10d
    holdout_share: 0
    exits: [sal, opt_out]
    steps:
      - name: first
        delay: 1h
        message: trial.first
        stale_after: 24h
      - name: second
        delay: 7d
        message: trial.second
        stale_after: 2d
messages:
  trial.first: {words: {en: [x], ja: [x]}, en: {subject: x, preview: y}, ja: {subject: x, preview: y}}
  trial.second: {words: {en: [x], ja: [x]}, en: {subject: x, preview: y}, ja: {subject: x, preview: y}}
"""


def load(folder: Path, text: str) -> NurtureSettings:
    file = folder / "nurture.yaml"
    file.write_text(text)
    return load_section("nurture", NurtureSettings, own=file).settings


def test_the_shipped_programmes_are_those_of_the_docs() -> None:
    settings = SHIPPED.nurture
    pricing, webinar = settings.programmes["pricing_page"], settings.programmes["webinar"]
    assert [(step.name, step.delay) for step in pricing.steps] == [
        ("comparison", timedelta(hours=1)),
        ("roi_case", "next_day"),
        ("introduction", timedelta(days=7)),
    ]
    assert [depth.name for depth in webinar.steps[0].depth] == ["under_25", "to_75", "over_75"]
    assert settings.next_day_at == time(9)
    assert pricing.length == timedelta(days=10)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("event: page_view", "event: ''", 4, "at least 1 item"),
        ("when: {context.page: {path: /trial}}", "when: {page: {path: /trial}}", 5, "properties.<name>"),
        ("{path: /trial}}", "{over: 3}}", 5, "Extra inputs"),
        ("reentry_after: 10d", "reentry_after: 8d", 7, "write 9d or more"),
        ("reentry_after: 10d", "reentry_after: soon", 7, "such as 90min, 1h or 7d"),
        ("exits: [sal, opt_out]", "exits: [sal, gone]", 9, "'contacted', 'sal'"),
        ("name: second", "name: first", 15, "a step above is called first"),
        ("delay: 7d", "delay: 30min", 16, "in the order of their delays"),
        ("message: trial.first", "message: trial.frist", 13, "messages has no trial.frist"),
        ("stale_after: 24h", "stale_after: 13h", 14, "quiet hours may last longer"),
        ("message: trial.second", "message: null", 15, "the step sends nothing"),
        ("programmes:", "quiet_hours: {from: '20:00', until: '20:00'}\nprogrammes:", 1, "are the same"),
        ("programmes:", "next_day_at: 9\nprogrammes:", 1, "YAML needs the quotes"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    text = FILE.replace(old, new, 1)
    assert text != FILE
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert f":{line}: " in str(caught.value) or f"line {line}" in str(caught.value), caught.value
    assert words in str(caught.value)


def test_a_file_of_ones_own_adds_to_the_programmes_that_ship(tmp_path: Path) -> None:
    assert sorted(load(tmp_path, FILE).programmes) == ["pricing_page", "trial", "webinar"]


def test_what_members_get_is_one_body_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, FILE)
    body = settings.describe_programme("trial", ["ja"])
    messages = yaml.safe_load(FILE)["messages"]
    turned = FILE.split("messages:")[0] + yaml.safe_dump(
        {"messages": dict(reversed(messages.items()))}, sort_keys=False
    )
    assert hash_body(load(tmp_path, turned).describe_programme("trial", ["ja"])) == hash_body(body)
    changed = load(tmp_path, FILE.replace("stale_after: 2d", "stale_after: 3d"))
    assert hash_body(changed.describe_programme("trial", ["ja"])) != hash_body(body)

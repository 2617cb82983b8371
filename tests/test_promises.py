"""Every promise is tried as often as LEADOPS_PROMISE_EXAMPLES says."""

import re
from pathlib import Path

import pytest
from hypothesis import settings

from tests.promises import promise_examples

ROOT = Path(__file__).parent
PROMISES = sorted(
    path for path in ROOT.rglob("test_*.py") if "@given" in path.read_text() and path != Path(__file__)
)


def test_the_variable_replaces_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADOPS_PROMISE_EXAMPLES", raising=False)
    assert promise_examples(12) == 12
    monkeypatch.setenv("LEADOPS_PROMISE_EXAMPLES", "500")
    assert promise_examples(12) == 500


@pytest.mark.parametrize("path", PROMISES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_promise_has_a_number_or_a_deadline_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"max_examples=\d+", text) == []
    assert re.findall(r"deadline=(?!None)", text) == []


def test_a_promise_without_settings_follows_the_variable_and_has_no_deadline() -> None:
    assert (settings.default.max_examples, settings.default.deadline) == (promise_examples(100), None)

"""Every promise is tried as often as LEADOPS_PROMISE_EXAMPLES says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.promises import EXAMPLES, in_turn, promise_examples

ROOT = Path(__file__).parent
PROMISES = sorted(
    path for path in ROOT.rglob("test_*.py") if "@given" in path.read_text() and path != Path(__file__)
)


def test_the_variable_replaces_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADOPS_PROMISE_EXAMPLES", raising=False)
    assert promise_examples(12) == 12
    monkeypatch.setenv("LEADOPS_PROMISE_EXAMPLES", "500")
    assert promise_examples(12) == 500


def test_cases_share_the_values_unless_the_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADOPS_PROMISE_EXAMPLES", raising=False)
    assert [in_turn("abc", number) for number in range(4)] == [["a"], ["b"], ["c"], ["a"]]
    assert [in_turn("abcde", number, of=2) for number in range(3)] == [list("ace"), list("bd"), list("ace")]
    monkeypatch.setenv("LEADOPS_PROMISE_EXAMPLES", "1")
    assert in_turn("abc", 1) == ["a", "b", "c"]


@pytest.mark.parametrize("path", PROMISES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_promise_has_a_number_or_a_deadline_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"max_examples=\d+", text) == []
    assert re.findall(r"deadline=(?!None)", text) == []
    assert re.findall(r"derandomize=|database=|@seed", text) == [], "the profile says it"
    allowed = re.findall(r'suppress_health_check(?:=|": )(.*\n?.*)', text)
    assert [listed for listed in allowed if not re.match(r"list\(|.*too_slow", listed, re.S)] == []


def draw_examples(**environment: str) -> str:
    """Return what a property test with the project's settings draws in a process of its own."""
    script = (
        "from tests.promises import register_profiles; register_profiles()\n"
        "from hypothesis import given, strategies as st; drawn = []\n"
        "given(st.integers())(lambda number: drawn.append(number))(); print(drawn)"
    )
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", EXAMPLES)}
    command = [sys.executable, "-c", script]
    return subprocess.run(
        command, env=inherited | environment, cwd=ROOT.parent, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("ci", [{}, {"CI": "true"}], ids=["here", "in CI"])
def test_examples_are_the_same_in_every_run_unless_their_number_is_given(ci: dict[str, str]) -> None:
    assert draw_examples(**ci) == draw_examples(**ci)
    assert draw_examples(**ci, LEADOPS_PROMISE_EXAMPLES="100") != draw_examples(
        **ci, LEADOPS_PROMISE_EXAMPLES="100"
    )


def test_a_promise_without_settings_follows_the_variable_and_has_no_deadline() -> None:
    assert (settings.default.max_examples, settings.default.deadline) == (promise_examples(100), None)

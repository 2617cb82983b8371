"""The shaken run: another order and other examples with each seed, the same with the same, beside a load."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.shaken import LOAD, keep_busy, shake
from tests.waiting import wait_until

PROJECT = Path(__file__).parents[1]

#: Eight tests that write down when they ran, what hypothesis drew for them and what ran beside them.
PROJECT_FILES = {
    "pytest.ini": "[pytest]\naddopts = -p no:cacheprovider -p no:randomly\n",
    "tests/__init__.py": "",
    "tests/promises.py": (PROJECT / "tests" / "promises.py").read_text(),
    "tests/conftest.py": "from tests.promises import register_profiles\nregister_profiles()\n",
    "tests/test_it.py": """
        import json, os
        from pathlib import Path
        import psutil, pytest
        from hypothesis import given, strategies as st

        def note(**facts):
            with Path(os.environ["NOTES"]).open("a") as file:
                file.write(json.dumps(facts) + "\\n")

        @pytest.mark.parametrize("number", range(7))
        def test_order(number):
            beside = psutil.Process(os.getppid()).children()
            note(number=number, beside=sum("sum(range(" in " ".join(p.cmdline()) for p in beside))
            assert os.environ.get("FAIL") != str(number)

        drawn = []

        @given(st.integers())
        def draw(number):
            drawn.append(number)

        def test_examples():
            draw()
            note(drawn=drawn)
    """,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in PROJECT_FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the others take seconds to import
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin,_hypothesis_pytestplugin")
    monkeypatch.delenv("LEADOPS_PROMISE_EXAMPLES", raising=False)
    return tmp_path


def read_runs(project: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield what the eight tests of each run wrote down."""
    notes = [json.loads(line) for line in (project / "notes").read_text().splitlines()]
    for start in range(0, len(notes), 8):
        yield notes[start : start + 8]


def test_a_seed_decides_order_and_examples_and_every_seed_is_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAIL", "3")
    assert shake([1, 1, 2], ["-n", "0"], folder=project) == [1, 1, 2]
    one, again, other = read_runs(project)
    orders = [[note.get("number") for note in notes] for notes in (one, again, other)]
    assert orders[0] == orders[1] != orders[2]
    assert [sorted(map(str, order)) for order in orders] == [[*"0123456", "None"]] * 3
    drawn = [next(note["drawn"] for note in notes if "drawn" in note) for notes in (one, again, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {note["beside"] for notes in (one, again, other) for note in notes if "number" in note} == {2}
    assert [child.pid for child in psutil.Process().children() if LOAD in child.cmdline()] == []
    shown = capfd.readouterr().out
    assert "run 1 of 3, seed 1" in shown
    assert "failed; to repeat it: make test-shaken SEEDS=2" in shown


def test_plain_tests_are_not_shuffled(request: pytest.FixtureRequest) -> None:
    assert "-p no:randomly" in " ".join(request.config.getini("addopts"))


def test_the_load_ends_with_a_run_that_is_killed() -> None:
    script = (
        "import time; from tests.shaken import keep_busy\n"
        "with keep_busy(1) as pids: print(pids[0], flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE) as running:
        assert running.stdout
        load = psutil.Process(int(running.stdout.readline()))
        running.kill()
    wait_until(lambda: not load.is_running() or load.status() == psutil.STATUS_ZOMBIE)


def test_the_load_is_as_large_as_it_is_said_to_be() -> None:
    with keep_busy(3) as pids:
        assert len(set(pids)) == 3
        assert {psutil.Process(pid).ppid() for pid in pids} == {os.getpid()}

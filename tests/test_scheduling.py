import subprocess
import sys
from pathlib import Path

from tests.scheduling import LONG

PROJECT = Path(__file__).parents[1]

STACK = "import pytest\npytestmark = pytest.mark.stack\ndef test_a(): pass\ndef test_b(): pass"
SETTINGS = """
[pytest]
testpaths = tests
addopts = --import-mode=importlib -p no:cacheprovider
markers = stack: needs the stack
"""

#: Tests that need nothing; two files in the stack's folder and two elsewhere, with the project's own hooks.
TESTS = {
    "tests/conftest.py": "from .scheduling import pytest_collection_modifyitems, pytest_xdist_make_scheduler",
    "tests/__init__.py": "",
    "tests/scheduling.py": (PROJECT / "tests" / "scheduling.py").read_text(),
    "tests/a/test_one.py": "def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass",
    "tests/a/test_two.py": "def test_a(): pass\ndef test_b(): pass",
    "tests/e2e/test_one.py": STACK,
    "tests/e2e/test_two.py": STACK,
    "pytest.ini": SETTINGS,
}


def test_one_worker_has_the_stack_and_every_file_stays_together(tmp_path: Path) -> None:
    for name, text in TESTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-v"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ran = [line.split() for line in done.stdout.splitlines() if " PASSED " in line]
    assert len(ran) == 9
    workers: dict[str, set[str]] = {}
    for line in ran:
        test = line[line.index("PASSED") + 1]
        workers.setdefault("e2e" if "/e2e/" in test else test.split("::")[0], set()).add(line[0])
    assert {unit: len(found) for unit, found in workers.items()} == dict.fromkeys(workers, 1)
    assert workers.keys() == {"e2e", "tests/a/test_one.py", "tests/a/test_two.py"}


def test_what_takes_long_comes_first_and_is_there() -> None:
    assert [name for name in LONG if not (PROJECT / name).is_file()] == []
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0"]
    # The last of them before one that the collection finds first.
    files = ["tests/test_waiting.py", LONG[-1]]
    done = subprocess.run([*command, *files], cwd=PROJECT, capture_output=True, text=True, check=True)
    collected = [line.split("::")[0] for line in done.stdout.splitlines() if "::" in line]
    assert list(dict.fromkeys(collected)) == files[::-1]

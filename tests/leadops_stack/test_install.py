import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leadops_stack.install import BOOTSTRAP, LOCKS, digest, is_current, python_version, uv_settings

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files that the environment follows from."""
    for name in (*LOCKS.values(), BOOTSTRAP, "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_an_environment_serves_until_something_changes(project: Path) -> None:
    run, dev = (digest(project, kind, "3.12.1") for kind in ("run", "dev"))
    assert is_current(project, "run", "3.12.1", run)
    assert is_current(project, "run", "3.12.1", dev)
    assert is_current(project, "dev", "3.12.1", dev)
    assert not is_current(project, "dev", "3.12.1", run)
    assert not is_current(project, "run", "3.13.0", run)
    with (project / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert not is_current(project, "run", "3.12.1", run)


def test_a_new_lock_for_tests_makes_the_old_one_unfit_for_running_too(project: Path) -> None:
    dev = digest(project, "dev", "3.12.1")
    (project / "requirements-dev.lock").write_text("")
    assert not is_current(project, "run", "3.12.1", dev)


def test_uv_is_told_what_pip_is_told(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    told = "\n".join(
        [
            ":env:.index-url='https://env.example/simple'",
            "global.cert='/etc/ssl/cert.pem-that-is-not-there'",
            f"global.extra-index-url='https://a.example/simple file://{tmp_path}/none file://{wheels}'",
            f"global.find-links='{wheels} /no/such/folder'",
            "global.index-url='https://file.example/simple'",
            "global.timeout='60'",
        ]
    )
    assert uv_settings(told, {}) == {
        "UV_DEFAULT_INDEX": "https://env.example/simple",
        "UV_INDEX": f"https://a.example/simple file://{wheels}",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": str(wheels),
    }


def test_what_uv_is_told_itself_counts_more() -> None:
    told = "global.index-url='https://file.example/simple'"
    assert uv_settings(told, {"UV_DEFAULT_INDEX": "https://own.example/simple"}) == {}
    assert uv_settings("", {}) == {}


def test_a_python_that_does_not_run_or_does_not_fit_is_known(tmp_path: Path) -> None:
    assert python_version(Path(sys.executable)) == ".".join(map(str, sys.version_info[:3]))
    assert python_version(tmp_path / "python") is None
    for answer in ("3.10.13", "3.14.0"):
        fake = tmp_path / f"python-{answer}"
        fake.write_text(f"#!/bin/sh\necho {answer}\n")
        fake.chmod(0o755)
        assert python_version(fake) is None


def test_the_locks_name_no_host_and_hash_everything() -> None:
    for name in (*LOCKS.values(), BOOTSTRAP):
        text = (PROJECT / name).read_text()
        assert "://" not in text, name
        pinned = [line for line in text.splitlines() if line[:1].isalnum()]
        assert pinned
        assert all(line.endswith("\\") and "==" in line for line in pinned), name


def pins(lock: str) -> set[str]:
    lines = (PROJECT / lock).read_text().splitlines()
    return {line.split(" ")[0] for line in lines if line[:1].isalnum()}


def test_the_run_lock_is_part_of_the_dev_lock() -> None:
    assert pins(LOCKS["run"]) <= pins(LOCKS["dev"])


def test_a_wrong_word_is_answered_with_the_usage() -> None:
    script = PROJECT / "include" / "leadops_stack" / "install.py"
    done = subprocess.run([sys.executable, script, "all"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "usage: python include/leadops_stack/install.py run|dev|emulator\n",
    )

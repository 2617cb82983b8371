import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.errors import ConfigError
from leadops_stack.env_file import read_env, write_env

VALUES = st.text(st.characters(codec="utf-8", exclude_characters="'\n\r\0", exclude_categories=["Cs", "Cc"]))


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    write_env(path, {"TOKEN": "secret"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_env(path, {"OTHER": "secret"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nexport A=1\n\nB='two words'  # why\nC=3\n")
    write_env(path, {"C": "4", "D": "5"})
    assert path.read_text() == "# mine\nexport A=1\n\nB='two words'  # why\nC=4\nD=5\n"
    assert read_env(path) == {"A": "1", "B": "two words", "C": "4", "D": "5"}


def test_no_file_is_no_variables(tmp_path: Path) -> None:
    assert read_env(tmp_path / "none") == {}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.env: cannot be read"):
        read_env((tmp_path / ".env").mkdir() or tmp_path / ".env")


@given(value=VALUES)
def test_any_value_comes_back(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    write_env(path, {"VALUE": value})
    assert read_env(path) == {"VALUE": value.replace("\\\\", "\\")} or read_env(path) == {"VALUE": value}


def test_a_shell_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    value = '{"host": "http://127.0.0.1", "password": "$HOME `x` \\""}'
    write_env(path, {"CONN": value})
    line = f'set -a; . {path}; printf %s "$CONN"'
    assert subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout == value


@pytest.mark.parametrize("value", ["it's", "two\nlines"])
def test_what_a_file_cannot_carry_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="VALUE holds a quote or a line break"):
        write_env(tmp_path / ".env", {"VALUE": value})

"""The number that is remembered outside of the database."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from leadops.errors import ConfigError
from leadops.mark_file import MarkFile, RememberedMark


def test_it_remembers_the_highest_number_of_each_installation(tmp_path: Path) -> None:
    file = MarkFile(tmp_path / "marks")
    assert file.read("a") is None
    for mark in (4, 7, 5):
        file.remember("a", RememberedMark("h", "", mark))
    assert file.read("a") == RememberedMark("h", "", 7)
    assert file.read("b") is None


def test_the_first_holder_stays_within_an_epoch(tmp_path: Path) -> None:
    file = MarkFile(tmp_path)
    first = RememberedMark("first", "", 3)
    file.remember("a", first)
    assert file.remember("a", RememberedMark("second", "", 9)) == first
    later = RememberedMark("second", "after", 1)
    assert file.remember("a", later) == later == file.read("a")


def test_many_processes_leave_the_highest(tmp_path: Path) -> None:
    file = MarkFile(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda mark: file.remember("a", RememberedMark("h", "", mark)), range(1, 41)))
    assert file.read("a") == RememberedMark("h", "", 40)


@pytest.mark.parametrize("content", ["", "{}", '{"holder": "h", "epoch": "", "mark": "x"}', "[1]"])
def test_a_damaged_file_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ConfigError, match="cannot be read"):
        MarkFile(tmp_path).read("a")


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write the mark"):
        MarkFile(tmp_path / "file" / "marks").remember("a", RememberedMark("h", "", 1))

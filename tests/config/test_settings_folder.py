"""A file that is being written, or that was cut off, is recognised."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.config.settings_folder import (
    GONE,
    MAX_READS,
    FileState,
    ends_with_line_end,
    fingerprint_lines,
    is_cut_off,
    read_file_state,
    read_folder,
    read_settled_folder,
)

WHOLE = b"# ours\na: 1\nb:\n  c: 10\n"


def cut(content: bytes, whole: bytes = WHOLE) -> bool:
    return is_cut_off(content, line_hashes=fingerprint_lines(whole), was_complete=ends_with_line_end(whole))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", False),  # empty is refused as such
        (b"# ou", True),
        (b"# ours\n", True),
        (b"# ours\na", True),
        (b"# ours\na: 1\nb:\n  c: 1", True),
        (b"# ours\na: 1\nb:\n  c: 10", True),
        (WHOLE, False),
        (WHOLE + b"# more\n", False),
        (b"# ours\na: 1\n# the rest is gone on purpose\n", False),
        (b"# ours\na: 2\n", False),
        (b"a: 1\n", False),
        (b"a: 1", False),
    ],
)
def test_a_file_is_cut_off_where_another_goes_on(content: bytes, expected: bool) -> None:
    assert cut(content) is expected


def test_a_changed_last_line_without_a_line_end_is_no_cut() -> None:
    assert not cut(b"a: 1\nb: 1", b"a: 1\nb: 10")
    assert cut(b"a: 1\nb: 1", b"a: 1\nb: 10\n")
    assert cut(b"a: 1\n", b"a: 1\nb: 10")


@given(st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")), min_size=2), st.data())
def test_every_cut_after_the_first_line_is_found(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    at = data.draw(st.integers(len(lines[0]) + 1, len(whole) - 1))
    assert cut(whole[:at], whole)
    assert not cut(whole, whole)
    assert not cut(whole + whole, whole)


def test_what_cannot_be_read_says_why_and_has_a_hash(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    faults = {name: read_file_state(tmp_path / name).fault for name in ("folder", "link", "pipe", "none")}
    assert faults == {
        "folder": "is not a file",
        "link": "is a link to nothing",
        "pipe": "is not a file",
        "none": "",
    }
    assert read_file_state(tmp_path / "none").hash == GONE
    assert len({read_file_state(tmp_path / name).hash for name in ("folder", "link", "none")}) == 3


def settle(folder: Path, write: Callable[[int], None], **known: str) -> tuple[FileState, frozenset[str], int]:
    """Read the file `a` while `write` is called in each pause with its number."""
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        write(len(pauses))

    states, changing = read_settled_folder(
        folder, ["a", "b"], known={"a": {known.get("a", "")}, "b": {GONE}}, sleep=sleep
    )
    return states["a"], changing, len(pauses)


def test_a_file_in_the_middle_of_a_write_is_read_once_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    parts = [b"", b"x: ", b"x: 1\n"]
    file.write_bytes(parts[0])
    state, changing, pauses = settle(
        tmp_path, lambda number: None if number >= len(parts) else void(file.write_bytes(parts[number]))
    )
    assert (state.content, changing, pauses) == (b"x: 1\n", frozenset(), 4)


def void(_: object) -> None:
    """Return nothing."""


def test_an_editor_that_replaces_a_file_removes_it_for_a_moment_only(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    state, _, _ = settle(tmp_path, lambda number: void(file.write_bytes(b"x: 1\n")) if number == 1 else None)
    assert state.content == b"x: 1\n"


def test_what_is_in_force_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"x: 1\n")
    known = read_folder(tmp_path, ["a"])["a"].hash
    assert settle(tmp_path, lambda number: None, a=known)[2] == 0
    assert settle(tmp_path, lambda number: None)[2] == 2


def test_a_file_that_never_rests_is_being_written(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    _, changing, pauses = settle(tmp_path, lambda number: void(file.write_bytes(b"x: %d\n" % number)))
    assert (changing, pauses) == ({"a"}, MAX_READS)

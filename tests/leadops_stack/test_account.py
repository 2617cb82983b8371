import os
import stat
from pathlib import Path

import pytest

from leadops.errors import ConfigError
from leadops_stack.account import Account, reachable_copy, reachable_folder


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with a program, closed to everybody else."""
    folder = tmp_path / "closed" / "package"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "tool").write_text("#!/bin/sh\necho works\n")
    (folder / "bin" / "tool").chmod(0o700)
    (tmp_path / "closed").chmod(0o700)
    return folder


def test_a_closed_program_is_copied_once(account: Account, program: Path, open_folder: Path) -> None:
    copy = reachable_copy(program, "bin/tool", account, copies=open_folder)
    assert account.reaches(copy / "bin/tool")
    assert not account.reaches(program / "bin/tool")
    assert reachable_copy(program, "bin/tool", account, copies=open_folder) == copy
    assert [*open_folder.iterdir()] == [copy]


def test_an_open_program_stays_where_it_is(account: Account, open_folder: Path) -> None:
    tool = open_folder / "package" / "bin" / "tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert (
        reachable_copy(open_folder / "package", "bin/tool", account, copies=open_folder)
        == open_folder / "package"
    )


def test_a_folder_becomes_the_accounts_own(account: Account, open_folder: Path) -> None:
    place = reachable_folder(open_folder / "data", account)
    assert place == open_folder / "data"
    assert (place.stat().st_uid, stat.S_IMODE(place.stat().st_mode)) == (account.uid, 0o700)


def test_a_closed_folder_is_a_link_to_an_open_one(
    account: Account, tmp_path: Path, open_folder: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place = reachable_folder(closed / "data", account, elsewhere=open_folder)
    assert place.parent == open_folder
    assert (closed / "data").is_symlink()
    assert reachable_folder(closed / "data", account, elsewhere=open_folder) == place
    assert place.stat().st_uid == account.uid


def test_a_folder_that_was_closed_later_is_named(account: Account, open_folder: Path) -> None:
    (open_folder / "parent").mkdir()
    place = reachable_folder(open_folder / "parent" / "data", account)
    place.parent.chmod(0o700)
    with pytest.raises(ConfigError, match=f"{place} lies in a folder closed to the account {account.name}"):
        reachable_folder(place, account)


def test_only_root_needs_another_account() -> None:
    from leadops_stack.account import unprivileged_account

    found = unprivileged_account()
    assert (found is None) == (os.geteuid() != 0)
    assert found is None or found.uid != 0

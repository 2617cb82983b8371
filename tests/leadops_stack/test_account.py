import os
import stat
import subprocess
from pathlib import Path

import pytest

from leadops.errors import ConfigError
from leadops_stack.account import Account, reachable_copy, reachable_folder


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Packages closed to everybody else: a program that needs its neighbour, and one that nobody needs."""
    root = tmp_path / "closed"
    for name in ("tool/bin", "tool.libs", "another"):
        (root / name).mkdir(parents=True)
        (root / name / "file").write_text('#!/bin/sh\ncat "$(dirname "$0")/../../tool.libs/file"\n')
    (root / "tool/bin/file").chmod(0o700)
    root.chmod(0o700)
    return root


def test_a_closed_program_is_copied_once_with_what_it_needs(
    account: Account, packages: Path, open_folder: Path
) -> None:
    names = ("tool", "tool.libs")
    copy = reachable_copy(packages, names, "tool/bin/file", account, copies=open_folder)
    assert not account.reaches(packages / "tool/bin/file")
    subprocess.run([copy / "tool/bin/file"], check=True, cwd="/", **account.popen_options())
    assert sorted(path.name for path in copy.iterdir()) == ["tool", "tool.libs"]
    assert reachable_copy(packages, names, "tool/bin/file", account, copies=open_folder) == copy
    assert [*open_folder.iterdir()] == [copy]


def test_an_open_program_stays_where_it_is(account: Account, open_folder: Path) -> None:
    tool = open_folder / "tool" / "bin" / "file"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    assert reachable_copy(open_folder, ("tool",), "tool/bin/file", account, copies=open_folder) == open_folder


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
    place.rmdir()
    assert reachable_folder(closed / "data", account, elsewhere=open_folder).is_dir()


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

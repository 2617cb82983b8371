"""PostgreSQL refuses to run as root: which account it runs as then, and what that account can reach."""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadops.errors import ConfigError

#: Where copies and data go when the project lies in a folder that is closed to the account.
OPEN_FOLDER = Path("/var/lib")


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """Return the arguments that make subprocess run a program as this account and in no other group."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Tell whether the account can enter the folder, or run the program, `path`, parents included."""
        probe = ["test", "-x", str(path)]
        return subprocess.run(probe, cwd="/", check=False, **self.popen_options()).returncode == 0

    def own(self, path: Path) -> None:
        """Make `path` the account's."""
        os.chown(path, self.uid, self.gid)


def unprivileged_account() -> Account | None:
    """Return the account to run PostgreSQL as: None (ourselves) unless we are root.

    Raises ConfigError when we are root and the machine has neither `postgres` nor `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
            grp.getgrgid(found.pw_gid)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid)
    raise ConfigError(
        "PostgreSQL refuses to run as root and this machine has no account `postgres` or `nobody`"
    )


def reachable_copy(
    root: Path, names: tuple[str, ...], program: str, account: Account, *, copies: Path = OPEN_FOLDER
) -> Path:
    """Return `root`, or a copy of its `names` under `copies` where `account` cannot run its `program`.

    `names` and `program` are paths below `root`; the copy keeps them where they are to each other, because
    programs find their libraries that way. Its name carries the original's age and place, so a new version
    gets a new copy.
    """
    if account.reaches(root / program):
        return root
    found = (root / program).stat()
    target = copies / f"leadops-postgres-{found.st_mtime_ns:x}-{found.st_ino:x}"
    if not target.is_dir():
        unfinished = Path(tempfile.mkdtemp(prefix=".leadops-postgres-", dir=copies))
        for name in names:
            shutil.copytree(root / name, unfinished / name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
        unfinished.rename(target)
    return target


def reachable_folder(folder: Path, account: Account, *, elsewhere: Path = OPEN_FOLDER) -> Path:
    """Make `folder` the account's own (mode 0700) and return where it really is.

    Where a parent is closed to the account, the folder is made under `elsewhere` and `folder` becomes a
    symbolic link to it, so removing the link means starting afresh.
    """
    if not folder.exists():
        folder.unlink(missing_ok=True)  # a link to what is gone
        folder.parent.mkdir(parents=True, exist_ok=True)
        if account.reaches(folder.parent):
            folder.mkdir()
        else:
            place = Path(tempfile.mkdtemp(prefix="leadops-data-", dir=elsewhere))
            folder.symlink_to(place)
    place = folder.resolve()
    account.own(place)
    place.chmod(0o700)
    if not account.reaches(place):
        raise ConfigError(
            f"{place} lies in a folder closed to the account {account.name}; open it, or move it"
        )
    return place

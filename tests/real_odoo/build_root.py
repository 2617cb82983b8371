"""Builds the folder that a real Odoo runs from: Debian 11's own packages, a database, the app CRM.

Needs root and debootstrap; takes about ten minutes and 2.3 GB, once. Odoo 14 is the last version that Debian
packages; Debian 11 is out of support, so the packages may leave the mirrors one day.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.real_odoo.odoo_server import DATABASE, OdooServer, enter_root

#: Names the folder.
ROOT = "LEADOPS_ODOO_ROOT"
MIRROR = "http://deb.debian.org/debian"
SUITE = "bullseye"
PACKAGES = ("odoo-14", "postgresql-13")
#: Written last, so that a folder that was left half-built is built again.
DONE = "leadops-odoo-is-ready"


class OdooRootError(Exception):
    """The folder cannot be built here; the message says what is missing."""


def default_root() -> Path:
    """Return the folder: LEADOPS_ODOO_ROOT, else one in the user's cache."""
    named = os.environ.get(ROOT)
    return Path(named) if named else Path.home() / ".cache" / "leadops" / "odoo-14"


def is_built(root: Path) -> bool:
    """Return whether the folder is whole."""
    return (root / DONE).exists()


def build_root(root: Path) -> None:
    """Build `root`, or do nothing where it is whole. Raises OdooRootError where it cannot be had here."""
    if is_built(root):
        return
    if os.geteuid() != 0:
        raise OdooRootError("needs root: Debian's packages are installed into a folder with chroot")
    if not shutil.which("debootstrap"):
        raise OdooRootError("debootstrap is missing (apt-get install debootstrap)")
    if not (root / "etc" / "debian_version").exists():
        _run("debootstrap", "--variant=minbase", SUITE, str(root), MIRROR)
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    # Nothing starts by itself.
    policy = root / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    install = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(PACKAGES)}"
    _run(*enter_root(root, "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", install))
    server = OdooServer(root)
    server.make_cluster()
    try:
        server.start_postgres()
        server.create_database(DATABASE)
        server.install_crm(DATABASE)
    finally:
        server.stop()
    (root / DONE).touch()


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise OdooRootError(f"{command[0]} failed: {last}")


def main() -> int:
    """Build the folder; return 1, with one line, where that cannot be done here."""
    root = default_root()
    try:
        build_root(root)
    except OdooRootError as error:
        sys.stderr.write(f"no Odoo in {root}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The commands of docs/import.md, run as a person does, in a folder with the files that they name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.shipped import SHIPPED

ROOT = Path(__file__).parents[2]
REAL = ROOT / os.environ.get("LEADOPS_REAL_DATA", "../shared/data")
PAGE = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^leadops (import .+docs/mappings/.+)$", PAGE, re.MULTILINE)
LEADOPS = (sys.executable, "-c", "from leadops.cli.app import run; run()")


@pytest.mark.real_data
def test_the_commands_of_the_page_do_what_it_says(database_url: str) -> None:
    files = {path.name: path for path in REAL.glob("*/*.csv")}
    said = []
    for command in COMMANDS:
        words = command.split()
        if words[2] not in files:
            pytest.skip(
                f"NOT TESTED: {words[2]} is missing; set LEADOPS_REAL_DATA to the folder of real data"
            )
        words[2] = str(files[words[2]])
        done = subprocess.run(
            [*LEADOPS, *words],
            cwd=ROOT,
            env=dict(os.environ) | {"LEADOPS_DATABASE_URL": database_url},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        said.append(done.stdout.splitlines()[-1])
    assert len(said) == 5
    assert said[2].startswith(re.findall(r"says `(842 rows.+?)`", PAGE)[0])
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from identity.leads").fetchone() == (17_240,)
        # The days that the page has counted reach from the first lead to the last deal, in the default zone.
        first, last = re.findall(r"--from (\d\S+) --to (\d\S+)`", PAGE)[0]
        days = connection.execute(
            "select min((created_at at time zone %(zone)s)::date)::text,"
            " max((occurred_at at time zone %(zone)s)::date)::text"
            " from lifecycle.imported inner join identity.leads using (lead_id)"
            " where imported.evidence ->> 'imported' like 'olist%%'",
            {"zone": SHIPPED.company.timezone},
        ).fetchone()
        assert days == (first, last)


def test_the_page_links_what_there_is() -> None:
    for link in re.findall(r"\]\((.+?)\)", PAGE):
        assert (ROOT / "docs" / link.partition("#")[0]).is_file(), link

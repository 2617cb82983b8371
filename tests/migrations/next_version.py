"""The next versions of leadops: copies of the package with more migrations, for processes of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import yaml

import leadops

PACKAGE = Path(leadops.__file__).parent

#: What the next version adds: a column, a table that a trigger of events fills, and an index.
EXPAND = {
    "0901_hints.sql": """\
create table cdp.hints (event_id text primary key);
create function cdp.keep_hint() returns trigger language plpgsql security definer as $$
begin
    insert into cdp.hints (event_id) values (new.event_id) on conflict do nothing;
    return null;
end
$$;
alter table cdp.events add column hint text;
create trigger keep_hint after insert on cdp.events for each row execute function cdp.keep_hint();
""",
    "0902_hints_index.sql": """\
-- outside a transaction
drop index concurrently if exists cdp.events_hint;
create index concurrently events_hint on cdp.events (hint);
""",
}
#: What the version after that takes away, when the next one no longer uses it.
CONTRACT = {
    "0903_no_hint.sql": """\
-- needs: 0901_hints.sql
alter table cdp.events drop column hint;
"""
}


class Version:
    """A version of leadops in a folder of its own, whose gateway does not need the tables of `unneeded`."""

    def __init__(self, folder: Path, migrations: Mapping[str, str], unneeded: Collection[str] = ()) -> None:
        self.folder = folder
        shutil.copytree(PACKAGE, folder / "leadops")  # with the byte-code, which fits: the times are copied
        for name, text in migrations.items():
            (folder / "leadops" / "migrations" / name).write_text(text)
        rights_file = folder / "leadops" / "migrations" / "rights.yaml"
        rights = yaml.safe_load(rights_file.read_text())
        for name in unneeded:
            del rights["gateway"][name]
        rights_file.write_text(yaml.safe_dump(rights))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the command of this version with these variables beside our own."""
        return subprocess.Popen(
            [sys.executable, "-c", "from leadops.cli.app import run; run()", *arguments],
            env={**os.environ, **environment, "PYTHONPATH": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run the command; return its exit code and what it printed."""
        process = self.start(*arguments, **environment)
        out, errors = process.communicate(timeout=120)
        return process.returncode, out + errors

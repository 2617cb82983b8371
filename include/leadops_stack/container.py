"""What containers need done first: `python -m leadops_stack.container databases|reader|passwords`."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from leadops.errors import ConfigError, LeadopsError
from leadops.settings import postgres_url
from leadops_stack.airflow_env import write_passwords
from leadops_stack.airflow_reader import prepare_reader
from leadops_stack.databases import prepare_databases
from leadops_stack.variables import SUPERUSER


def databases(environ: Mapping[str, str]) -> None:
    """Make both databases and their roles on the server LEADOPS_POSTGRES_HOST, port 5432."""
    prepare_databases(_superuser_url(environ, "postgres"), environ)


def reader(environ: Mapping[str, str]) -> None:
    """Let the watchdog's role read Airflow's tables, which `airflow db migrate` has made."""
    prepare_reader(_superuser_url(environ, "airflow"), environ)


def passwords(environ: Mapping[str, str]) -> None:
    """Write the Airflow UI's passwords where Airflow's settings say that it reads them."""
    write_passwords(Path(_need(environ, "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE")), environ)


def _superuser_url(environ: Mapping[str, str], database: str) -> str:
    return postgres_url(
        user=SUPERUSER,
        password=_need(environ, "LEADOPS_POSTGRES_PASSWORD"),
        host=_need(environ, "LEADOPS_POSTGRES_HOST"),
        port=5432,
        database=database,
    )


def _need(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise ConfigError(f"{name} is not set")
    return environ[name]


def main() -> int:
    """Run one piece of work; a refusal is one line on stderr."""
    work = {"databases": databases, "reader": reader, "passwords": passwords}
    parser = argparse.ArgumentParser(prog="leadops_stack.container", description=__doc__)
    parser.add_argument("work", choices=work)
    try:
        work[parser.parse_args().work](os.environ)
    except LeadopsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

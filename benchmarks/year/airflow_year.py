"""What Airflow keeps of a year of runs: some days are generated, and cleaned by the task of keep_house."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.arena import Arena
from benchmarks.figures import Figure

ROOT = Path(__file__).parents[2]
DATABASE = "airflow"
YEAR = 365
#: A night's cleaning that takes longer than this eats into the morning.
LONGEST = 600


@dataclass(frozen=True)
class AirflowYear:
    """Rows and bytes by table, and files, for a day and for a database that is cleaned every night."""

    days: int
    facts: dict[str, Any]

    def list_figures(self) -> list[Figure]:
        """Return the figures for the results."""
        rows = {when: sum(rows for rows, _ in self.facts[when].values()) for when in ("a_day", "after")}
        size = {when: sum(size for _, size in self.facts[when].values()) for when in ("a_day", "after")}
        return [
            Figure("Airflow: rows of a day", rows["a_day"], ""),
            Figure("Airflow: rows that stay", rows["after"], ""),
            Figure("Airflow: database that stays", size["after"] / 2**20, "MiB"),
            Figure("Airflow: log files that stay", self.facts["logs_after"]["files"], ""),
            Figure("Airflow: cleaning one day", self.facts["seconds"], "s", "under", LONGEST),
        ]


def measure_airflow(arena: Arena, *, days: int) -> AirflowYear:
    """Fill `days` days of runs into an Airflow database beside leadops' one, clean, and count."""
    with psycopg.connect(f"{arena.url.rpartition('/')[0]}/postgres", autocommit=True) as admin:
        admin.execute(f"create database {DATABASE}".encode())
    ours = ("LEADOPS_", "AIRFLOW", "_AIRFLOW")
    url = f"{arena.url.rpartition('/')[0]}/{DATABASE}".replace("postgresql:", "postgresql+psycopg2:", 1)
    with tempfile.TemporaryDirectory(dir=arena.folder) as home:
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "include")]),
        }
        command = [sys.executable, "-m", "benchmarks.year.airflow_rows", str(days)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"filling Airflow's database failed: {done.stderr[-2000:]}")
    facts: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        if line.startswith("year "):
            facts |= json.loads(line.removeprefix("year "))
    return AirflowYear(days - 1, facts)

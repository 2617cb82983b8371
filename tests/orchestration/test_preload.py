"""What is loaded beforehand is all that DAG files and the tasks of every minute import."""

import subprocess
import sys
from pathlib import Path

from leadops_stack.plan import PRELOAD

DAGS = Path(__file__).parents[2] / "dags"
#: The DAGs of every minute and of every few; the others import their stages when they are read.
OFTEN = ("score_leads", "watch_sla", "deliver_outbox", "check_alerts", "send_nurture")
SCRIPT = """
import importlib.util, sys
for name in {preload!r}.split():
    __import__(name)
before = set(sys.modules)
for path in {paths!r}:
    spec = importlib.util.spec_from_file_location("a_dag_file", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
from leadops.configuration import Config
Config().routing.people, Config().sla.holidays.public()
late = sorted(name for name in sys.modules.keys() - before if name.split(".")[0] in ("leadops", "holidays"))
heavy = sorted({{"pandas", "sklearn", "numpy"}} & sys.modules.keys())
print("late:", *late, "heavy:", *heavy)
"""


def test_a_minutes_tasks_import_nothing_of_ours_and_nothing_heavy_is_loaded() -> None:
    paths = [str(DAGS / f"{name}.py") for name in OFTEN]
    script = SCRIPT.format(preload=PRELOAD, paths=paths)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "late: heavy:"

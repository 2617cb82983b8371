"""The plugin as every process of Airflow loads it: one navigation entry, tabs for runs, and nothing heavy."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: What a task does at its start, and what it has loaded then.
LOAD = """
import json, sys
from airflow import plugins_manager
before = set(sys.modules)
plugins_manager.ensure_plugins_loaded()
plugins, errors = plugins_manager._get_plugins()
print(json.dumps({
    "plugins": [plugin.name for plugin in plugins],
    "errors": errors,
    "views": [view for plugin in plugins for view in plugin.external_views],
    "new": sorted(name for name in set(sys.modules) - before if not name.startswith("airflow.")),
}))
"""


def test_a_task_loads_the_plugin_and_nothing_of_leadops(tmp_path: Path) -> None:
    environment = {
        "PATH": "",
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "PYTHONPATH": str(ROOT / "include"),
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded["errors"] == {}
    assert loaded["plugins"] == ["lead_ops"]
    assert [(view["name"], view["href"]) for view in loaded["views"] if view["destination"] == "nav"] == [
        ("Lead ops", "/leadops/")
    ]
    assert {view["destination"]: view["href"] for view in loaded["views"]} == {
        "nav": "/leadops/",
        "dag": "/leadops/runs/{DAG_ID}",
        "dag_run": "/leadops/runs/{DAG_ID}/{RUN_ID}",
    }
    assert len({view["url_route"] for view in loaded["views"]}) == 3
    assert loaded["new"] == ["lead_ops_plugin"]

"""What Airflow is told about priorities, registered as Airflow registers it."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pluggy
import pytest
from airflow import policies
from airflow.models.dagrun import DagRun
from airflow.utils.types import DagRunType

import leadops_stack

FILE = Path(leadops_stack.__path__[0]) / "airflow_settings" / "airflow_local_settings.py"


@pytest.fixture(scope="module")
def manager() -> pluggy.PluginManager:
    """Airflow's policies with ours."""
    spec = importlib.util.spec_from_file_location("airflow_local_settings", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = pluggy.PluginManager(policies.local_settings_hookspec.project_name)
    made.add_hookspecs(policies)
    policies.make_plugin_from_local_settings(made, module, set(module.__all__))
    return made


@pytest.mark.parametrize(
    ("run_type", "state", "weight"),
    [
        (DagRunType.SCHEDULED, "running", 5),
        (DagRunType.MANUAL, "queued", 5),
        (DagRunType.BACKFILL_JOB, "queued", 0),
        (DagRunType.SCHEDULED, "success", 0),  # cleared, as a backfill of a minute that has run does it
        (DagRunType.SCHEDULED, "failed", 0),
    ],
)
def test_what_is_done_again_comes_last(
    manager: pluggy.PluginManager, run_type: DagRunType, state: str, weight: int
) -> None:
    task = SimpleNamespace(priority_weight=5)
    run = DagRun(dag_id="score_leads", run_id="a_run", run_type=run_type, state=state)
    manager.hook.task_instance_mutation_hook(task_instance=task, dag_run=run)
    assert task.priority_weight == weight


def test_a_task_of_which_the_run_is_not_known_yet_is_left_alone(manager: pluggy.PluginManager) -> None:
    task = SimpleNamespace(priority_weight=5)
    manager.hook.task_instance_mutation_hook(task_instance=task, dag_run=None)
    assert task.priority_weight == 5

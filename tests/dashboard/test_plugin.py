"""The plugin as every process of Airflow loads it: one navigation entry, tabs for runs, and nothing heavy."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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

#: What the plugin hands to the pages, tried on Airflow's own table of the audit log.
WIRE = """
import asyncio, json, os
from airflow import plugins_manager
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.core_api import security

class Manager:
    # The auth manager of somebody else: it knows rights and no roles of Airflow's own.
    def is_authorized_view(self, *, access_view, user):
        return access_view.value == "WEBSITE" and user.name != "public"

    def is_authorized_connection(self, *, method, user):
        return method == "GET" and user.name == "keeper"

class User:
    def __init__(self, name):
        self.name = name

    def get_name(self):
        return self.name

async def get_user(request, cookie, token):
    return User(request.headers["x-user"])

airflow_app.get_auth_manager, security.get_user = Manager, get_user
from leadops.dashboard import dashboard_app
from leadops.dashboard.reader import Look, Reader
wirings = []
make = dashboard_app.create_dashboard
dashboard_app.create_dashboard = lambda wiring: wirings.append(wiring) or make(wiring)
(plugin,) = plugins_manager._get_plugins()[0]
(app,), (again,) = plugin.fastapi_apps, plugin.fastapi_apps
from airflow import settings
from airflow.models.log import Log
Log.__table__.create(settings.engine)
wirings[0].record_looks(Reader("otto", sees_people=True), [Look("lead", 7), Look("refused_event", 8)])
with settings.Session() as session:
    rows = [(row.event, row.owner, row.extra) for row in session.query(Log)]
from fastapi import Request
from leadops.gateway.problems import ProblemError

def identify(name):
    request = Request({"type": "http", "headers": [(b"x-user", name.encode())]})
    try:
        return asyncio.run(wirings[0].identify(request)).sees_people
    except ProblemError as problem:
        return problem.status

print(json.dumps({
    "who": {name: identify(name) for name in ("public", "somebody", "keeper")},
    "apps": [app["app"] is again["app"], app["url_prefix"], len(wirings)],
    "rows": rows,
    "slack": wirings[0].find_slack(),
    "zone": wirings[0].read_config().company.timezone,
    "clock": wirings[0].clock().tzinfo is not None,
    "airflow": wirings[0].airflow_url,
}))
"""

#: Where the connection to Slack leads as it comes, breaks and is repaired.
SLACK = """
import json, os
from airflow import plugins_manager
from leadops.dashboard import dashboard_app
wirings = []
make = dashboard_app.create_dashboard
dashboard_app.create_dashboard = lambda wiring: wirings.append(wiring) or make(wiring)
plugins_manager._get_plugins()[0][0].fastapi_apps
found = [wirings[0].find_slack()]
for extra in ([1], "no json", {"base_url": "http://127.0.0.1:8082/api/"}, {}):
    os.environ["AIRFLOW_CONN_LEADOPS_SLACK"] = json.dumps({"conn_type": "slack", "extra": extra})
    found.append(wirings[0].find_slack())
print(json.dumps(found))
"""


def run_airflow(code: str, folder: Path, **variables: str) -> Any:
    """Run `code` in a process with the plugins of the project; return the JSON of its last line."""
    environment = {
        "PATH": "",
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        "PYTHONPATH": str(ROOT / "include"),
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_task_loads_the_plugin_and_nothing_of_leadops(tmp_path: Path) -> None:
    loaded = run_airflow(LOAD, tmp_path)
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


def test_a_look_at_a_person_is_in_airflows_audit_log(tmp_path: Path) -> None:
    slack = {"conn_type": "slack", "password": "x", "extra": {"base_url": "http://127.0.0.1:8082/api/"}}
    wired = run_airflow(
        WIRE,
        tmp_path,
        AIRFLOW_CONN_LEADOPS_SLACK=json.dumps(slack),
        AIRFLOW__API__BASE_URL="http://airflow.test/",
    )
    assert wired == {
        "who": {"public": 403, "somebody": False, "keeper": True},
        "apps": [True, "/leadops", 1],
        "rows": [
            ["leadops_lead_viewed", "otto", '{"lead_id": 7}'],
            ["leadops_refused_event_viewed", "otto", '{"refused_event_id": 8}'],
        ],
        "slack": "http://127.0.0.1:8082",
        "zone": "Asia/Tokyo",
        "clock": True,
        "airflow": "http://airflow.test",
    }


def test_a_connection_to_slack_is_followed_and_a_broken_one_breaks_no_page(tmp_path: Path) -> None:
    assert run_airflow(SLACK, tmp_path) == ["", "", "", "http://127.0.0.1:8082", "https://slack.com"]


def test_a_page_that_cannot_be_made_leaves_the_rest_of_airflow_alone(tmp_path: Path) -> None:
    broken = """
import json, sys
sys.modules["leadops.dashboard.dashboard_app"] = None
from airflow import plugins_manager
print(json.dumps([plugin.fastapi_apps for plugin in plugins_manager._get_plugins()[0]]))
"""
    assert run_airflow(broken, tmp_path) == [[]]

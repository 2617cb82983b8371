import json

from leadops_sandbox.settings import Tokens, tokens_from_environment

from .conftest import Running


def test_tokens_are_the_passwords_of_the_connections() -> None:
    environment = {
        "AIRFLOW_CONN_LEADOPS_MA": json.dumps({"conn_type": "http", "password": "m"}),
        "AIRFLOW_CONN_LEADOPS_SLACK": json.dumps({"conn_type": "slackwebhook", "password": "T1/B1/X1"}),
    }
    assert tokens_from_environment(environment) == Tokens(ma="m", webhook="T1/B1/X1")
    environment["AIRFLOW_CONN_LEADOPS_SLACK"] = json.dumps({"conn_type": "slack", "password": "xoxb-1"})
    assert tokens_from_environment(environment) == Tokens(ma="m", slack="xoxb-1")


def test_settings_change_while_it_runs_and_last(sandbox: Running) -> None:
    changed = sandbox.admin("POST", "/_settings", {"ma_remember_seconds": 5, "sales_speed": 60}).json()
    assert (changed["ma_remember_seconds"], changed["sales_speed"]) == (5, 60)
    sandbox.restart()
    assert sandbox.admin("GET", "/_settings").json() == changed


def test_a_setting_that_does_not_exist_is_named(sandbox: Running) -> None:
    refused = sandbox.admin("POST", "/_settings", {"ma_memory": 5})
    assert refused.status_code == 422
    assert "ma_memory" in refused.json()["detail"]

"""The manifests and the chart's values, as far as they can be judged without a cluster."""

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from leadops_stack.airflow_env import USERS
from leadops_stack.plan import PRELOAD
from tests.containers.test_compose import SERVICES, read_span

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "deploy" / "kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "airflow-values.yaml").read_text())
MANIFESTS = sorted(set(FOLDER.glob("*.yaml")) - {FOLDER / "airflow-values.yaml"})
RESOURCES = [resource for path in MANIFESTS for resource in yaml.safe_load_all(path.read_text())]
#: The oldest release that is looked after, and the newest whose schemas are here.
RELEASES = ("1.33", "1.37")
LOCKED = re.search(r"^apache-airflow==(\S+)", (PROJECT / "requirements.lock").read_text(), re.MULTILINE)


def find_pods() -> dict[str, dict[str, Any]]:
    """Return the pod of each component."""
    templates = [resource["spec"]["template"] for resource in RESOURCES if "template" in resource["spec"]]
    return {one["metadata"]["labels"]["app.kubernetes.io/component"]: one["spec"] for one in templates}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_every_manifest_is_valid(path: Path, release: str) -> None:
    resources = list(yaml.safe_load_all(path.read_text()))
    assert resources
    for resource in resources:
        kubernetes_validate.validate(resource, release, strict=True)


def test_what_is_not_valid_would_be_noticed() -> None:
    broken = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": 80}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, RELEASES[0], strict=True)


def test_each_file_says_that_it_was_never_run() -> None:
    for path in FOLDER.glob("*.yaml"):
        head = path.read_text().replace("\n# ", " ")[:300]
        assert "NEVER RUN ON A CLUSTER" in head, path


def test_pods_run_what_the_containers_run() -> None:
    pods = find_pods()
    assert pods.keys() == {"gateway", "live", "watchdog", "migrate"}
    for name in ("gateway", "live", "watchdog"):
        assert pods[name]["containers"][0]["args"] == SERVICES[name]["command"]
    assert "leadops migrate --roles" in pods["migrate"]["containers"][0]["args"][2]


def test_no_pod_may_become_more_than_it_is() -> None:
    for name, pod in find_pods().items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"], name


def test_no_secret_is_written_down() -> None:
    assert {resource["kind"] for resource in RESOURCES} == {
        "Service", "PodDisruptionBudget", "StatefulSet", "Deployment", "Job",
    }  # fmt: skip
    for pod in find_pods().values():
        for container in pod["containers"]:
            assert all("secretRef" in source for source in container["envFrom"])
            assert [each["name"] for each in container.get("env", [])] in ([], ["LEADOPS_MARK_FOLDER"])
    for name in VALUES["apiServer"]["env"]:
        assert ("valueFrom" in name) == name["name"].startswith("LEADOPS_")


def test_one_image_is_named_everywhere() -> None:
    named = {container["image"] for pod in find_pods().values() for container in pod["containers"]}
    airflow = VALUES["images"]["airflow"]
    assert named == {f"{airflow['repository']}:{airflow['tag']}"}
    assert VALUES["uid"] == find_pods()["gateway"]["securityContext"]["runAsUser"] == 10001
    assert LOCKED
    assert VALUES["airflowVersion"] == LOCKED[1]


def test_the_chart_runs_airflow_as_the_containers_do() -> None:
    worker = VALUES["workers"]
    assert worker["replicas"] == SERVICES["worker"]["deploy"]["replicas"]
    grace = read_span(SERVICES["worker"]["stop_grace_period"])
    assert worker["terminationGracePeriodSeconds"] == grace.total_seconds()
    for part in (worker, VALUES["dagProcessor"]):
        assert part["env"] == [{"name": "LEADOPS_PRELOAD", "value": PRELOAD}]
    assert worker["livenessProbe"]["command"] == SERVICES["worker"]["healthcheck"]["test"][1:]
    core = VALUES["config"]["core"]
    assert core["simple_auth_manager_users"] == ",".join(
        f"{user}:{role}" for user, (role, _) in USERS.items()
    )
    assert VALUES["apiServer"]["args"] == SERVICES["api-server"]["command"]
    assert [VALUES[part]["enabled"] for part in ("postgresql", "redis", "statsd")] == [False] * 3


def test_the_mark_outlives_its_pod() -> None:
    sets = [resource["spec"] for resource in RESOURCES if resource["kind"] == "StatefulSet"]
    assert len(sets) == 2
    for claims in (
        *(each["volumeClaimTemplates"] for each in sets),
        VALUES["workers"]["volumeClaimTemplates"],
    ):
        assert [claim["metadata"]["name"] for claim in claims] == ["marks"]

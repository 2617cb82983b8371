"""`leadops check ma --write` against the stand-ins of Marketo and Mautic, as a person runs it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from leadops.cli import check_connection
from leadops.cli.app import app
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens

Check = Callable[..., tuple[int, list[str]]]


@pytest.fixture(params=["marketo", "mautic"])
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(product: str, tmp_path: Path) -> Iterator[str]:
    with serve_in_thread(tmp_path / "sandbox", product=product, sales_work=False) as running:
        yield running


@pytest.fixture
def check(
    product: str, url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Check:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(own))
    monkeypatch.setattr(check_connection, "sleep", lambda _: None)

    def run(*words: str, secret: str = Tokens().ma, products: str = "{}") -> tuple[int, list[str]]:
        (own / "products.yaml").write_text(products)
        connection = {
            "conn_type": "http",
            "host": url,
            "login": "sandbox-client",
            "password": secret,
            "extra": {"product": product},
        }
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(connection))
        result = CliRunner().invoke(app, ["check", "ma", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout.splitlines()

    return run


def list_leads(url: str) -> list[object]:
    headers = {"Authorization": f"Bearer {Tokens().ma}"}
    return list(requests.get(f"{url}/api/leads", headers=headers, timeout=10).json()["items"])


def test_all_is_well_and_the_test_lead_is_removed_again(check: Check, url: str, product: str) -> None:
    code, lines = check("--write")
    assert code == 0, lines
    assert [line for line in lines if line.startswith("change")] == []
    assert lines[0] == f"ok      product: {product} at {url}"
    assert any("made twice, it is one lead" in line for line in lines)
    assert "ok      test score: sent and read back: 7" in lines
    assert "removed again" in lines[-1]
    assert list_leads(url) == []


def test_wrong_credentials_are_said_with_the_place_of_the_right_ones(check: Check, product: str) -> None:
    code, lines = check(secret="another-secret-of-no-use")
    assert code == 1
    where = "Admin > LaunchPoint" if product == "marketo" else "Settings > API Credentials"
    assert lines[2].startswith("change  token: refused (")
    assert where in lines[2]


def test_fields_that_are_missing_or_of_another_type_are_said(check: Check, product: str) -> None:
    fields = (
        "{score: leadopsNothing, external_id: leadopsScore}"
        if product == "marketo"
        else "{score: leadops_nothing, external_id: leadops_score}"
    )
    code, lines = check("--write", products=f"{product}: {{fields: {fields}}}")
    assert code == 1
    changes = [line for line in lines if line.startswith("change  field")]
    assert ["none; make" in line for line in changes] == [True, False]
    assert "it is of type" in changes[1]
    assert f"{product}.fields.external_id" in changes[1]
    assert lines[-1] == "note    test lead: not made: change the above first"


@pytest.mark.parametrize("product", ["marketo"])
def test_a_role_that_does_not_see_merges_is_said(check: Check, url: str) -> None:
    rule = {"target": "marketo", "kind": "603", "path": "/rest/v1/activities*"}
    requests.post(f"{url}/_faults", json=rule, timeout=10).raise_for_status()
    code, lines = check()
    (line,) = [line for line in lines if line.startswith("change")]
    assert (code, line.startswith("change  merges: cannot be read (")) == (1, True)
    assert line.endswith("give the role of the API user Read-Only Activity")

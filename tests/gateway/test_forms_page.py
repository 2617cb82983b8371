"""What docs/forms.md tells a sender to type works."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from leadops.config.load_config import load_section
from leadops.db import Connection
from leadops.events.spam_settings import SpamSettings
from leadops.intake.form_contract import Submission
from tests.gateway.conftest import FORM_SECRETS, Serve
from tests.shipped import SHIPPED

PAGE = (Path(__file__).parents[2] / "docs" / "forms.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.skipif(
    not shutil.which("curl") or not shutil.which("openssl"), reason="no curl or no openssl here"
)
def test_the_example_signs_as_the_gateway_wants_it(serve: Serve, connection: Connection) -> None:
    (script,) = blocks("sh")
    environment = os.environ | {
        "GATEWAY": str(serve().base_url).rstrip("/"),
        "FORM_SECRET": FORM_SECRETS[1],
        "no_proxy": "*",
    }
    done = subprocess.run(["sh", "-euc", script], env=environment, capture_output=True, text=True, timeout=30)
    assert list(json.loads(done.stdout)) == ["id", "changed"], done.stdout + done.stderr
    assert connection.execute("select sender_id, secret from intake.raw_leads").fetchone() == ("f-1", 2)


def test_the_example_form_is_one() -> None:
    assert Submission.model_validate_json(blocks("json")[0]).form == "contact"


def test_the_settings_of_the_page_are_right(tmp_path: Path) -> None:
    found = blocks("yaml")
    assert len(found) == 2
    for number, text in enumerate(found):
        own = tmp_path / f"{number}.yaml"
        own.write_text(text, encoding="utf-8")
        tools = load_section("forms", SpamSettings, own=own).settings.tools
        assert SHIPPED.forms.tools.keys() <= tools.keys()


def test_every_shipped_tool_has_a_section() -> None:
    for name in SHIPPED.forms.tools:
        assert re.search(rf"^### {name}$", PAGE, re.MULTILINE | re.IGNORECASE), name
        assert f"| `{name}` |" in PAGE


def test_every_field_is_explained() -> None:
    for name in Submission.model_fields:
        assert re.search(rf"^\|.*`{name}`.*\|", PAGE, re.MULTILINE), name

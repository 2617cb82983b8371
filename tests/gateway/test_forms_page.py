"""What docs/forms.md tells a sender to type works."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.intake.form_contract import Submission
from tests.gateway.conftest import FORM_SECRETS, Serve

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


def test_every_field_is_explained() -> None:
    for name in Submission.model_fields:
        assert re.search(rf"^\|.*`{name}`.*\|", PAGE, re.MULTILINE), name

"""The functions of docs/tracking.md sign as the gateway verifies."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from leadops.events.proof import sign_identity

PAGE = (Path(__file__).parents[2] / "docs" / "tracking.md").read_text(encoding="utf-8")
SECRET = "an-example-secret-0123"
IDENTITIES = [
    {"email": "ann@buyers.example", "user_id": "c-42"},
    {"email": " Ann@Buyers.Example "},
    {"user_id": "木村 'c' \\ 42"},
]
EXPECTED = [sign_identity(SECRET, **identity) for identity in IDENTITIES]


def block(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def run(command: list[str], script: str) -> list[str]:
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def test_the_page_gives_the_signature_of_its_example() -> None:
    assert f"`{EXPECTED[0]}`" in PAGE


def test_python_signs() -> None:
    space: dict[str, object] = {}
    exec(block("python"), space)
    sign = space["sign_identity"]
    assert callable(sign)
    assert [sign(SECRET, **identity) for identity in IDENTITIES] == EXPECTED


@pytest.mark.skipif(not shutil.which("node"), reason="no node here")
def test_javascript_signs() -> None:
    calls = f"for (const one of {json.dumps(IDENTITIES)}) console.log(signIdentity({json.dumps(SECRET)}, "
    calls += "{ email: one.email, userId: one.user_id }));"
    assert run(["node", "-"], block("javascript") + calls) == EXPECTED


@pytest.mark.skipif(not shutil.which("php"), reason="no php here")
def test_php_signs() -> None:
    calls = f"foreach (json_decode({json.dumps(json.dumps(IDENTITIES))}, true) as $one)"
    calls += f" echo sign_identity('{SECRET}', $one['email'] ?? null, $one['user_id'] ?? null), \"\\n\";"
    assert run(["php"], block("php") + calls) == EXPECTED

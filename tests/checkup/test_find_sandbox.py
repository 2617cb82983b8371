"""What is taken for the sandbox, and what is not."""

import json
from pathlib import Path

import pytest

from leadops.checkup.find_sandbox import is_sandbox, is_this_machine
from leadops_sandbox.serve import serve_in_thread
from tests.scripted_server import serve_script


def test_the_sandbox_is_known_by_its_page_whatever_the_path_of_the_address(tmp_path: Path) -> None:
    with serve_in_thread(tmp_path, sales_work=False) as url:
        assert is_sandbox(url)
        assert is_sandbox(f"{url}/api/")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>welcome</html>"),
        (200, json.dumps({"ma": {}, "crm": {}}).encode()),
        (200, b"[]"),
        (404, json.dumps({name: {} for name in ("ma", "crm", "slack", "calls", "faults")}).encode()),
        (302, b""),
    ],
)
def test_what_answers_otherwise_is_not(status: int, body: bytes) -> None:
    with serve_script() as server:
        server.respond = lambda *_: (status, body)
        assert not is_sandbox(server.url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://", "", "nonsense"])
def test_what_does_not_answer_is_not(url: str) -> None:
    assert not is_sandbox(url)


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:8081", True),
        ("http://[::1]:8081", True),
        ("http://localhost", True),
        ("https://127.0.0.1.example.com", False),
        ("https://cdp.example.com", False),
        ("", False),
    ],
)
def test_this_machine(url: str, is_here: bool) -> None:
    assert is_this_machine(url) is is_here

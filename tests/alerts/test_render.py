"""The messages that on-call reads, kind by kind, in both languages (expected_en.txt, expected_ja.txt)."""

import pytest

from leadops.alerts.render import render_incident
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS
from leadops.notifications.messages import Messages
from tests.alerts.expected import (
    INDEX,
    START,
    expected_file,
    make,
    write_index,
    write_message,
    write_messages,
)
from tests.shipped import SHIPPED


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_messages_are_as_agreed(language):
    expected = expected_file(language).read_text(encoding="utf-8")
    assert write_messages(language) == expected, "read the difference; if you mean it: make messages"


def test_the_index_of_the_runbooks_is_that_of_the_pages():
    assert write_index() == INDEX.read_text(encoding="utf-8"), "run `make messages`"


@pytest.mark.parametrize("kind", KINDS)
def test_facts_that_are_missing_leave_a_message_that_can_be_read(kind, settings):
    incident = Incident(1, kind, "x<y", START, None, None, {})
    rendered = render_incident(incident, messages=Messages(SHIPPED.company), settings=settings)
    assert len(rendered.text) > len("CRITICAL: ")
    assert "<y" not in rendered.text


def test_nothing_is_longer_than_slack_takes(settings):
    incident = make("dag_failed", error="x" * 9000, dag_id="d" * 9000)
    rendered = render_incident(incident, messages=Messages(SHIPPED.company), settings=settings)
    assert len(rendered.text) <= 3000
    assert all(len(block["text"]["text"]) <= 3000 for block in rendered.blocks if "text" in block)


def test_without_addresses_the_page_is_named_and_there_are_no_links(settings):
    plain = settings.model_copy(update={"runbook_base_url": "", "airflow_base_url": ""})
    shown = write_message(
        render_incident(make("run_missed_deadline"), messages=Messages(SHIPPED.company), settings=plain)
    )
    assert "docs/runbooks/run_missed_deadline.md" in shown
    assert "http" not in shown

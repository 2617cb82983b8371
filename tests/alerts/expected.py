"""What is written from the kinds: the expected messages, and the table of docs/runbooks/README.md.

`make messages` writes them; the tests compare.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leadops.alerts.render import render_escalation, render_incident
from leadops.alerts.render_digest import render_digest, render_digest_escalation
from leadops.incidents.incident import Incident
from leadops.incidents.kinds import KINDS
from leadops.notifications.blocks import SlackMessage
from leadops.notifications.messages import Messages
from tests.alerts.conftest import CALM
from tests.shipped import SHIPPED, change

START = datetime(2026, 7, 30, 17, 2, tzinfo=UTC)
RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
INDEX = RUNBOOKS / "README.md"
TABLE_HEAD = "| kind | opens when | severity | escalates after |\n|---|---|---|---|\n"


def make(kind: str, *, minutes: float | None = None, **facts: Any) -> Incident:
    facts = {**KINDS[kind].example, **facts}
    subject = KINDS[kind].form_subject(facts)
    resolved = None if minutes is None else START + timedelta(minutes=minutes)
    return Incident(12, kind, subject, START, resolved, START + timedelta(minutes=15), facts)


def write_message(rendered: SlackMessage) -> str:
    lines = [f"text: {rendered.text}"]
    for block in rendered.blocks:
        texts = block["elements"] if block["type"] == "context" else [block["text"]]
        lines += [line for text in texts for line in text["text"].splitlines()]
    return "\n".join(lines)


def write_all(language: Any, settings: Any) -> Iterator[str]:
    messages, options = Messages(change(SHIPPED.company, language=language)), {"settings": settings}
    for kind in KINDS:
        yield f"# {kind}\n{write_message(render_incident(make(kind), messages=messages, **options))}"
        ended = make(kind, minutes=72)
        yield f"# {kind}, over\n{write_message(render_incident(ended, messages=messages, **options))}"
    late = make("sla_breach", minutes=72, outcome="met_late")
    yield f"# answered late\n{write_message(render_incident(late, messages=messages, **options))}"
    median = make("sla_breach", lead_id=0, lead=None, leads=31, clock="median_to_sal")
    yield f"# the median\n{write_message(render_incident(median, messages=messages, **options))}"
    calls = make("cdp_lag")
    yield f"# escalation\n{write_message(render_escalation(calls, messages=messages, **options))}"
    many = [make("dag_failed", dag_id=f"dag_{number}") for number in range(6)]
    many.append(make("run_missed_deadline", minutes=5))
    yield f"# digest\n{write_message(render_digest(many, messages=messages, **options))}"
    escalation = render_digest_escalation(many, messages=messages, **options)
    yield f"# digest, escalation\n{write_message(escalation)}"
    over = [make("dag_failed", minutes=number, dag_id=f"dag_{number}") for number in range(1, 8)]
    yield f"# digest, over\n{write_message(render_digest(over, messages=messages, **options))}"


def expected_file(language: str) -> Path:
    """Return the file with the expected messages of a language."""
    return Path(__file__).with_name(f"expected_{language}.txt")


def write_messages(language: Any) -> str:
    """Return every message of a language, the kinds in the order of the catalogue."""
    return "\n\n".join(write_all(language, CALM)) + "\n"


def write_index() -> str:
    """Return docs/runbooks/README.md with its table written again from the pages and the kinds."""
    text = INDEX.read_text(encoding="utf-8")
    start = text.index(TABLE_HEAD)
    end = text.index("\n\n", start)
    return text[:start] + TABLE_HEAD + "\n".join(_write_rows()) + text[end:]


def _write_rows() -> Iterator[str]:
    for kind in KINDS.values():
        after = "never" if kind.escalate_after is None else f"{kind.escalate_after} min"
        yield f"| [{kind.name}]({kind.name}.md) | {read_trigger(kind.name)} | {kind.severity} | {after} |"


def read_trigger(kind: str) -> str:
    """Return the second paragraph of a runbook: `Opens when …`, without its first words and full stop."""
    paragraph = (RUNBOOKS / f"{kind}.md").read_text(encoding="utf-8").split("\n\n")[1]
    assert paragraph.startswith("Opens when "), f"{kind}.md says below its title when the alert opens"
    return paragraph.removeprefix("Opens when ").removesuffix(".").replace("\n", " ")


if __name__ == "__main__":
    for each in ("en", "ja"):
        expected_file(each).write_text(write_messages(each), encoding="utf-8")
    INDEX.write_text(write_index(), encoding="utf-8")

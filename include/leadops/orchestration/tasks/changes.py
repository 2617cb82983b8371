"""The question to a human about a change that waits: what it says, and what becomes of the answer."""

import logging
from datetime import timedelta
from typing import NamedTuple

from leadops.changes.answer_change import ChangeAnswer, answer_change
from leadops.changes.change_record import announce_questions, claim_question, find_question
from leadops.errors import PermanentError
from leadops.orchestration.run import TaskRun

log = logging.getLogger(__name__)

#: How long Airflow's question can be answered: over a long weekend. The change itself waits on.
ANSWER_WITHIN = timedelta(days=4)


class ChangeQuestion(NamedTuple):
    """What a human is asked."""

    subject: str
    body: str


def announce(run: TaskRun) -> bool:
    """Return whether a change waits that Airflow has to ask about."""
    with run.open_database() as connection:
        return announce_questions(connection, now=run.clock()) > 0


def ask(run: TaskRun) -> ChangeQuestion | None:
    """Return the question of this run, about the oldest change that waits; None: nothing has to be asked."""
    with run.open_database() as connection:
        record = claim_question(connection, run_id=run.run_id)
    if record is None:
        return None
    effect = record.read_effect()
    examples = [f"- lead {lead}" for lead in effect.examples] if effect else []
    numbers = f"{effect.moved} of {effect.with_points} leads with points get another grade" if effect else ""
    more = f"{effect.changed} get other points, {effect.new_mqls} become MQL" if effect else ""
    lines = [f"{record.reason}: {numbers}, {more}.", "", *examples]
    return ChangeQuestion(f"Change {record.subject} ({record.short_hash})?", "\n".join(lines))


def note_answer(run: TaskRun, answer: ChangeAnswer, *, by: str) -> None:
    """Record the answer to the question of this run; one that comes too late is only logged."""
    with run.open_database() as connection:
        record = find_question(connection, run_id=run.run_id)
        if record is None:
            return
        try:
            answer_change(connection, record.hash, answer=answer, by=by, now=run.clock())
        except PermanentError as error:
            log.warning("the answer changes nothing: %s", error)
            return
    log.info("%s: %s by %s", record.subject, answer, by)

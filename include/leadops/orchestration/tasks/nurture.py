"""The tasks of send_nurture: who enters a programme, and which messages are due."""

import logging
from collections import Counter
from dataclasses import asdict

from leadops.configuration import Config
from leadops.consent.settings_in_force import follow_settings
from leadops.db import Connection
from leadops.normalization.word_keys import make_word_key
from leadops.nurture.enter_programmes import NurtureContext, enter_programmes
from leadops.nurture.exits import ContactWords
from leadops.nurture.product_gaps import find_product_gaps
from leadops.nurture.send_steps import TARGET, send_due
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.products.registry import choose_product

log = logging.getLogger(__name__)


def enter(run: TaskRun) -> Counts:
    """Bring the memberships of programmes in line with what people did since the last run."""
    context, counts = make_context(run.config), Counter[str]()
    with run.open_database() as connection:
        follow_consent(run, connection)
        while True:
            result = enter_programmes(connection, context=context, now=run.clock())
            counts.update({name: count for name, count in asdict(result).items() if name != "remaining"})
            if not result.remaining:
                return dict(counts)


def send(run: TaskRun) -> Counts:
    """Put the messages that are due into the outbox; deliver_outbox and the gateway send them.

    A step that the MA's product cannot enrol anybody in waits, and is skipped when it is stale: the log says
    what is missing.
    """
    context, counts = make_context(run.config), Counter[str]()
    gaps = find_gaps(run)
    for programme in dict.fromkeys(programme for programme, _ in gaps):
        steps = {step: gap for (name, step), gap in gaps.items() if name == programme}
        log.warning(
            "nobody is enrolled in %s of programme %s: %s. `leadops check ma` says what to change",
            *(", ".join(steps), programme, next(iter(steps.values()))),
        )
    with run.open_database() as connection:
        follow_consent(run, connection)
        while True:
            result = send_due(connection, context=context, gaps=gaps, now=run.clock())
            counts.update({name: count for name, count in asdict(result).items() if name != "remaining"})
            if not result.remaining:
                return dict(counts) | {"gaps": len(gaps)}


def follow_consent(run: TaskRun, connection: Connection) -> None:
    """Let consent be read by the settings of now: before they are known, nobody may get mail."""
    with connection.transaction():
        follow_settings(connection, run.config.consent, now=run.clock())


def make_context(config: Config) -> NurtureContext:
    """Return what nurture takes from the settings."""
    kinds = {make_word_key(kind) for version in config.kpi.versions for kind in version.sal.contact}
    statuses = {make_word_key(word) for version in config.kpi.versions for word in version.sal.contacted}
    return NurtureContext(
        config.nurture,
        config.company.language,
        config.scoring.page_locales,
        ContactWords(tuple(kinds), tuple(statuses)),
    )


def find_gaps(run: TaskRun) -> dict[tuple[str, str], str]:
    """Return what is missing in the MA's product to enrol anybody in a step, by programme and step."""
    return find_product_gaps(choose_product(run.find_product(TARGET)), run.config.nurture)

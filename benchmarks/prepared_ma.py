"""Leads that the MA knows from the start: written into the sandbox's journal, before it runs."""

from datetime import UTC, datetime
from pathlib import Path

from leadops.db import Connection
from leadops_sandbox.ma.store import FIRST_ID, ID_STEP
from leadops_sandbox.settings import Behaviour, Tokens
from leadops_sandbox.world import World


def write_leads(state: Path, *, leads: int) -> None:
    """Write `leads` registrations into the empty folder `state`, as if each had come in over HTTP."""
    world = World(state, clock=lambda: datetime.now(UTC), tokens=Tokens(), behaviour=Behaviour())
    try:
        for number in range(1, leads + 1):
            answer = {"leadId": world.ma.next_id()}
            email = f"lead-{number}@company-{number % 5000}.example"
            world.effect("ma.lead", key=None, digest=None, body={"email": email}, answer=answer)
    finally:
        world.journal.close()


def learn_ids(connection: Connection, *, leads: int) -> None:
    """Let leadops know the MA's ids of the leads 1 … `leads`, as it does after registering them."""
    with connection.transaction():
        connection.execute(
            "insert into delivery.external_ids (target, lead_id, external_id, learned_at) "
            "select 'ma', n, (%(first)s + %(step)s * (n - 1))::text, now() "
            "from generate_series(1, %(leads)s) as n",
            {"first": FIRST_ID, "step": ID_STEP, "leads": leads},
        )

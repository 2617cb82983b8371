"""From the 202 of a form to the lead in the CRM, through the gateway and its outbox workers."""

import asyncio
import time
from datetime import datetime

import orjson

from benchmarks.arena import Arena, ma_state, open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.form_load import send_paced
from benchmarks.gateway_servers import run_gateway
from benchmarks.percentiles import percentile

RATE = 50.0
#: Seconds after which a form whose lead is not there counts as lost.
LOST_AFTER = 60.0


def measure_form_to_crm(*, quick: bool) -> Measured:
    """Send forms of new people for a while; find each again in the CRM's own journal."""
    seconds = 5.0 if quick else 60.0
    with open_arena() as arena, arena.sandbox(leads=0) as sandbox:
        with run_gateway(arena, sandbox=sandbox) as server:
            accepted = asyncio.run(
                send_paced(
                    f"{server.url}/webhook/form",
                    address=lambda n: f"new{n}@forms.example",
                    rate=RATE,
                    seconds=seconds,
                )
            )
            created = _await_created(arena, len(accepted))
        in_ma = ma_state(sandbox)["leads"]
    if len(created) != len(accepted) or in_ma != len(accepted):
        raise RuntimeError(f"{len(accepted)} forms, {len(created)} leads in the CRM, {in_ma} in the MA")
    # The outbox workers may be faster than the answer is read: then it took no time.
    waits = [max(0.0, (created[form.email] - form.at).total_seconds()) for form in accepted]
    return Measured(
        figures=[
            Figure("p95", percentile(waits, 0.95), "s", "under", 2),
            Figure("p50", percentile(waits, 0.5), "s"),
            Figure("longest", max(waits), "s"),
            Figure("forms", len(waits), ""),
        ],
        remarks=[f"{RATE:g} forms a second for {seconds:g} s"],
    )


def _await_created(arena: Arena, count: int) -> dict[str, datetime]:
    """Return when (UTC) the CRM made the lead of each address, once there are `count` or time is up."""
    (journal,) = arena.folder.glob("sandbox-*/journal.jsonl")
    deadline = time.monotonic() + LOST_AFTER
    while True:
        records = [orjson.loads(line) for line in journal.read_bytes().splitlines(True) if line[-1:] == b"\n"]
        made = [record for record in records if record["kind"] == "crm.lead"]
        if len(made) >= count or time.monotonic() > deadline:
            return {record["body"]["email"]: datetime.fromisoformat(record["at"]) for record in made}
        time.sleep(0.5)

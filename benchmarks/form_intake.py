"""How many forms a second the gateway takes, and how soon it answers."""

import asyncio
from itertools import count
from statistics import median

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.form_load import send_flat_out, send_paced
from benchmarks.gateway_servers import run_bare, run_gateway
from benchmarks.percentiles import percentile

RATE = 200.0
#: Where the gateway takes forms.
FORMS = "/webhook/form"


def measure_form_intake(*, quick: bool) -> Measured:
    """Compare flat out with an endpoint that writes one row, in turn; then answer 200 forms a second."""
    rounds, flat_out, paced = (1, 2.0, 3.0) if quick else (3, 10.0, 30.0)
    serial = count()

    def address(_: int) -> str:
        return f"new{next(serial)}@forms.example"

    bare, ours = [], []
    with open_arena() as arena:
        for _ in range(rounds):
            with run_bare(arena) as server:
                bare.append(
                    asyncio.run(send_flat_out(f"{server.url}/form", address=address, seconds=flat_out))
                )
            with run_gateway(arena, sandbox=None, limited=False) as server:
                ours.append(asyncio.run(send_flat_out(server.url + FORMS, address=address, seconds=flat_out)))
        with run_gateway(arena, sandbox=None) as server:
            alone = asyncio.run(send_paced(server.url + FORMS, address=address, rate=RATE, seconds=paced))
        with arena.sandbox(leads=0) as sandbox, run_gateway(arena, sandbox=sandbox) as server:
            beside = asyncio.run(send_paced(server.url + FORMS, address=address, rate=RATE, seconds=paced))
    quiet, busy = ([1000 * form.seconds for form in forms] for forms in (alone, beside))
    return Measured(
        figures=[
            Figure("ratio to a bare endpoint", median(ours) / median(bare), "", "at least", 0.5),
            Figure("forms a second", median(ours), "1/s"),
            Figure("bare endpoint", median(bare), "1/s"),
            Figure("p99 of the 202", percentile(quiet, 0.99), "ms", "under", 50),
            Figure("p50 of the 202", percentile(quiet, 0.5), "ms"),
            Figure("p99, outbox workers and sandbox on the same cores", percentile(busy, 0.99), "ms"),
        ],
        remarks=[f"p99 at {RATE:g} forms a second for {paced:g} s; with outbox workers only where stated"],
    )

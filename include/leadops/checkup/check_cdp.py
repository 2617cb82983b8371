"""The check of the connection to the CDP: reached, its token, the clocks, and how far it is behind."""

from collections.abc import Callable, Iterator
from datetime import datetime

from leadops.checkup.check_product import check_clock
from leadops.checkup.reach import REACHED, check_reach
from leadops.clients.answer_shapes import read_number, read_object
from leadops.clients.call_outcomes import Answered, HttpAnswer, Outcome, Refused
from leadops.clients.transport import Transport
from leadops.errors import TransientError
from leadops.products.check_line import CheckLine, CheckState
from leadops.products.product_client import read_date
from leadops.settings import Endpoint

CORRECT = "correct the password of the connection leadops_cdp: it is the token for /metrics/lag"


def check_cdp(
    endpoint: Endpoint, *, latest_minutes: float, clock: Callable[[], datetime]
) -> Iterator[CheckLine]:
    """Yield the lines about the CDP at `endpoint`; more than `latest_minutes` behind is late. Only reads."""
    reached = list(check_reach(endpoint, now=clock()))
    yield from reached
    if not any(line.subject == REACHED and line.state is not CheckState.CHANGE for line in reached):
        return
    dates: list[datetime | None] = []

    def note_date(answer: HttpAnswer, outcome: Outcome) -> Outcome:
        dates.append(read_date(answer.headers.get("Date")))
        return outcome

    transport = Transport(endpoint, classify=note_date)
    try:
        outcome = transport.send("GET", "/metrics/lag")
    finally:
        transport.close()
    if isinstance(outcome, Refused) and outcome.concerns_caller:
        yield CheckLine.change("token", f"refused ({outcome.reason}); {CORRECT}")
        return
    if not isinstance(outcome, Answered):
        yield CheckLine.change(
            "lag",
            f"GET /metrics/lag has no usable answer ({outcome.reason}); correct `host`, or ask its team",
        )
        return
    yield CheckLine.ok("token", "accepted")
    yield from check_clock(dates[-1], now=clock())
    try:
        answer = read_object(outcome.body, "CDP lag")
        behind = read_number(answer, "minutes_lag", "CDP lag")
    except TransientError as error:
        yield CheckLine.change("lag", f"the answer cannot be read: {error}; see docs/events.md")
        return
    if behind > latest_minutes:
        yield CheckLine.change(
            "lag",
            f"{behind:.1f} min behind, more than cdp_lag_minutes allows: see docs/runbooks/cdp_lag.md",
        )
    else:
        yield CheckLine.ok("lag", f"{behind:.1f} min behind")

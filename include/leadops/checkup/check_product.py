"""The check of a connection to an MA or a CRM: what every product has, then what the product itself says."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from leadops.checkup.reach import REACHED, check_reach
from leadops.clients.call_outcomes import Answered, Outcome, Refused, Throttled
from leadops.products.check_line import CheckLine, CheckState
from leadops.products.enrolment import ProgrammeStep
from leadops.products.product_client import ProductClient

#: Signed tokens and cursors of times break beyond this.
LARGEST_SKEW = timedelta(seconds=60)
#: The status of a refused token. Others that concern us are of a right, an account or an address.
UNAUTHORIZED = 401


def check_product(
    client: ProductClient,
    target: str,
    *,
    clock: Callable[[], datetime],
    steps: Sequence[ProgrammeStep] = (),
) -> Iterator[CheckLine]:
    """Yield the lines about reaching `target`, the token, the clocks, and those of the product.

    `steps` are those of programmes that the product is to enrol people in.

    It stops where nothing behind a line can work. Only calls that read are made.
    """
    product, endpoint = client.product, client.transport.endpoint
    yield CheckLine.ok("product", f"{product.name} at {endpoint.base_url}")
    reached = list(check_reach(endpoint, now=clock()))
    yield from reached
    if not any(line.subject == REACHED and line.state is not CheckState.CHANGE for line in reached):
        return
    ping = product.make_ping_call(target)
    if ping is not None:
        line = describe_token(client.send(ping), target)
        yield line
        yield from check_clock(client.server_time, now=clock())
        if line.state is CheckState.CHANGE:
            return
    yield from product.check(target, client.send)
    if steps:
        yield from product.check_enrolments(steps, client.send)


def describe_token(outcome: Outcome, target: str) -> CheckLine:
    """Return what the first call came to."""
    if isinstance(outcome, Answered):
        return CheckLine.ok("token", "accepted")
    if isinstance(outcome, Throttled):
        return CheckLine.note("token", f"not seen: {outcome.reason}; {outcome.retry_after:.0f} s are left")
    if isinstance(outcome, Refused) and outcome.status == UNAUTHORIZED:
        return CheckLine.change(
            "token", f"refused ({outcome.reason}); correct the password of the connection leadops_{target}"
        )
    if isinstance(outcome, Refused) and outcome.concerns_caller:
        return CheckLine.change("access", f"the first call is refused ({outcome.reason})")
    if isinstance(outcome, Refused):
        return CheckLine.change(
            "address",
            f"the first call is refused ({outcome.reason}); `host` of leadops_{target} does not"
            " lead to the product's API, or its extra names another product",
        )
    return CheckLine.change(
        "answer", f"no answer to the first call ({outcome.reason}); try again, then ask its team"
    )


def check_clock(server_time: datetime | None, *, now: datetime) -> Iterator[CheckLine]:
    """Yield how far the clock here and the one there are apart, where the answer has a Date."""
    if server_time is None:
        yield CheckLine.note("clock", "the answer has no Date, so the clocks cannot be compared")
        return
    skew = now - server_time
    seconds = abs(skew.total_seconds())
    if abs(skew) > LARGEST_SKEW:
        side = "ahead of" if skew > timedelta() else "behind"
        yield CheckLine.change(
            "clock", f"the clock here is {seconds:.0f} s {side} the other one; set it by NTP on this machine"
        )
        return
    yield CheckLine.ok("clock", f"within {max(seconds, 1):.0f} s of the other one")

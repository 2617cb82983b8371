"""At the published limits of real products: how many leads a minute they carry, and how much is used."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from benchmarks.arena import Arena, open_arena
from benchmarks.deltas import fill_ledger
from benchmarks.figures import Figure, Measured
from benchmarks.prepared_ma import write_leads
from leadops.configuration import Config
from leadops.delivery.delivery_settings import ROLLING, DeliverySettings
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.products.product_folders import list_products
from leadops.products.product_settings import add_product_settings
from leadops.products.registry import choose_product
from leadops.settings import Endpoint
from leadops_sandbox.ma.store import FIRST_ID, ID_STEP
from leadops_sandbox.products.salesforce.ids import make_id
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_stack.product_connections import EXTRA, LOGIN

#: Leads of the simulated day; each is one call, so that a day of few calls has more work than calls.
DAY_CALLS = 300
#: How often the task of a minute is played in a simulated day.
EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class ProductLimits:
    """What a vendor publishes: calls in some seconds (None: no such limit), and calls a day (None: none).

    `calls_per_second` and `burst` are how docs/products sets the target, `day_ends` when its day ends.
    """

    name: str
    window: tuple[int, float] | None = None
    day_calls: int | None = None
    calls_per_second: float = 300
    burst: int = 300
    calls_at_once: int | None = None
    day_ends: str = "UTC"
    #: A part of the route of the calls that carry scores.
    route: str = ""

    def count_leads(self, rows: int) -> float | None:
        """Return the leads a minute that the limits carry, all day long, with `rows` leads in a call."""
        rates = list[float]()
        if self.window is not None:
            rates.append(self.window[0] / self.window[1] * 60)
        if self.day_calls is not None:
            rates.append(self.day_calls / (24 * 60))
        return min(rates) * rows if rates else None


#: Sources in docs/products/NAME.md. Odoo and Mautic are servers of the customer's own, without limits.
LIMITS = (
    ProductLimits(
        "hubspot",
        window=(190, 10),
        day_calls=625_000,
        calls_per_second=18.1,
        burst=9,
        day_ends="Asia/Tokyo",
        route="contacts/batch/update",
    ),
    ProductLimits(
        "marketo",
        window=(100, 20),
        day_calls=50_000,
        calls_per_second=4.8,
        burst=4,
        calls_at_once=5,
        day_ends="America/Chicago",
        route="POST /rest/v1/leads.json",
    ),
    ProductLimits("salesforce", day_calls=100_000, day_ends="rolling", route="composite/sobjects"),
    ProductLimits("odoo", route="jsonrpc"),
    ProductLimits("mautic", route="batch/edit"),
)


def measure_product_limits(*, quick: bool) -> Measured:
    """Push to the stand-in of every product that is there, at its limits."""
    seconds = 5.0 if quick else 60.0
    figures, remarks = list[Figure](), list[str]()
    for limits in LIMITS:
        if limits.name not in list_products():
            remarks.append(f"{limits.name}: not measured, leadops does not have it")
            continue
        measured, remark = measure_product(limits, seconds=seconds, day_calls=50 if quick else DAY_CALLS)
        figures += measured
        remarks += remark
    return Measured(figures, remarks)


def measure_product(
    limits: ProductLimits, *, seconds: float, day_calls: int
) -> tuple[list[Figure], list[str]]:
    """Return the figures of one product."""
    product = choose_product(name_endpoint(limits.name, "http://127.0.0.1"))
    rows = product.row_limit
    carried = limits.count_leads(rows)
    figures, remarks = list[Figure](), list[str]()
    if carried is not None:
        figures.append(Figure(f"{limits.name}: leads a minute that its limits carry", carried, "/min"))
    with open_arena() as arena:
        leads, refused, taken = push_for(arena, limits, rows=rows, seconds=seconds)
        figures.append(Figure(f"{limits.name}: leads a minute, as pushed", leads / taken * 60, "/min"))
        if limits.window is not None:
            calls, window_seconds = limits.window
            share = leads / (calls / window_seconds * taken * rows)
            figures.append(Figure(f"{limits.name}: of the limit of seconds", share, "", "at least", 0.95))
            remarks.append(f"{limits.name}: {refused} calls were refused for coming too fast")
    if limits.day_calls is not None:
        with open_arena() as arena:
            used, refused = push_days(arena, limits, day_calls=day_calls)
        share = used / (2 * day_calls)
        figures.append(Figure(f"{limits.name}: of the calls of two days", share, "", "at least", 0.95))
        remarks.append(f"{limits.name}: {refused} calls were refused in two days of {day_calls} calls each")
    return figures, remarks


def push_for(arena: Arena, limits: ProductLimits, *, rows: int, seconds: float) -> tuple[int, int, float]:
    """Push for some seconds at the limit of seconds; return the leads that arrived, refusals and the time."""
    rate = limits.calls_per_second if limits.window else 100.0
    leads = int(rows * (rate * seconds + limits.burst) * 1.2) + rows
    leads = min(leads, 400_000)
    with arena.sandbox(leads=leads, product=limits.name) as sandbox:
        learn_product_ids(arena, limits.name, leads=leads)
        deltas = fill_ledger(arena, count=leads, leads=leads)
        assert deltas.count == leads
        settings = set_target(limits, batch_size=rows)
        started = time.perf_counter()
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        push_target(
            database_url=arena.url,
            endpoint=name_endpoint(limits.name, sandbox.base_url),
            target="ma",
            pusher_type=ScorePusher,
            settings=settings,
            clock=lambda: datetime.now(UTC),
            sleep=time.sleep,
            until=until,
        )
        taken = time.perf_counter() - started
        made = count_calls(sandbox.base_url, limits)
    delivered = count_delivered(arena)
    return delivered, made - ceil(delivered / rows), taken


def push_days(arena: Arena, limits: ProductLimits, *, day_calls: int) -> tuple[int, int]:
    """Push through two simulated days of few calls; return the calls that were taken, and refused.

    There is always work. The stand-in counts as the product does; its clock is that of the push.
    """
    leads = 3 * day_calls
    zone = UTC if limits.day_ends == ROLLING else ZoneInfo(limits.day_ends)
    moment = datetime(2026, 6, 1, tzinfo=zone).astimezone(UTC)  # two whole days of the product
    learn_product_ids(arena, limits.name, leads=leads)
    fill_ledger(arena, count=leads, leads=leads)
    settings = set_target(limits, batch_size=1, calls_per_second=50, burst=50, connections=1)
    lock = threading.Lock()
    now = [moment]

    def clock() -> datetime:
        with lock:
            return now[0]

    def sleep(seconds: float) -> None:
        with lock:
            now[0] += timedelta(seconds=max(seconds, 0.001))

    options: dict[str, Any] = {"product": limits.name, "sales_work": False, "clock": clock}
    folder = Path(arena.folder) / f"day-{limits.name}"
    folder.mkdir()
    write_leads(folder, leads=leads)
    with serve_in_thread(folder, **options) as url:
        body = {"product": {"day_limit": day_calls}}
        requests.post(f"{url}/_settings", json=body, timeout=30).raise_for_status()
        end = moment + timedelta(days=2)
        while clock() < end:
            began = clock()
            push_target(
                database_url=arena.url,
                endpoint=name_endpoint(limits.name, url),
                target="ma",
                pusher_type=ScorePusher,
                settings=settings,
                clock=clock,
                sleep=sleep,
                until=clock() + timedelta(seconds=55),
            )
            now[0] = max(began + EVERY, clock())
        made = count_calls(url, limits)
    delivered = count_delivered(arena)
    return delivered, made - delivered


def count_delivered(arena: Arena) -> int:
    """Return how many leads have their total in the product, by what leadops has on record."""
    with arena.connect() as connection:
        row = connection.execute("select count(*) from delivery.totals where seq > 0").fetchone()
    return int(row[0]) if row else 0


def count_calls(url: str, limits: ProductLimits) -> int:
    """Return how many calls with scores the stand-in got, refused ones among them."""
    calls: dict[str, int] = requests.get(f"{url}/_state", timeout=60).json()["calls"]
    return sum(count for route, count in calls.items() if limits.route in route)


def learn_product_ids(arena: Arena, name: str, *, leads: int) -> None:
    """Let leadops know the product's ids of the leads 1 … `leads`."""
    numbers = [FIRST_ID + ID_STEP * place for place in range(leads)]
    ids = [make_id("Lead", number) if name == "salesforce" else str(number) for number in numbers]
    with arena.connect() as connection, connection.transaction():
        connection.execute(
            "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
            " select 'ma', known.place, known.external_id, now()"
            " from unnest(%(ids)s::text[]) with ordinality as known (external_id, place)",
            {"ids": ids},
        )


def name_endpoint(name: str, url: str) -> Endpoint:
    """Return the connection to a product's stand-in, with the shipped settings of the product."""
    endpoint = Endpoint(
        base_url=url, login=LOGIN, token=Tokens().ma, timeout=60, extra={"product": name, **EXTRA}
    )
    return add_product_settings(endpoint, Config().products)


def set_target(limits: ProductLimits, *, batch_size: int, **more: Any) -> DeliverySettings:
    """Return the shipped settings of delivery, with the target as the product's page says."""
    settings = Config().delivery
    values = {
        "calls_per_second": limits.calls_per_second,
        "burst": limits.burst,
        "calls_at_once": limits.calls_at_once,
        "day_ends": limits.day_ends,
        "batch_size": batch_size,
    } | more
    target = settings.targets["ma"].model_copy(update=values)
    return settings.model_copy(update={"targets": {"ma": target}})

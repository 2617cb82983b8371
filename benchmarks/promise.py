"""How far the promised share in time is from that of a desk that is played, from 1 to 20 salespeople.

The formula is held against the desk on a grid, and proposals against the desk in companies whose true number
of leads the proposal does not know.
"""

import statistics
from typing import NamedTuple

from benchmarks.desk import Handling, constant, exponential, lognormal, play_desk
from benchmarks.figures import Figure, Measured
from benchmarks.threshold_worlds import make_threshold_world
from leadops.configuration import Config
from leadops.thresholds.choose_threshold import choose_threshold
from leadops.thresholds.waiting import ServicePool, estimate_waiting

SALESPEOPLE = (1, 2, 5, 10, 20)
LOADS = (0.5, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)
TARGETS = (30.0, 60.0, 120.0, 240.0)

#: Minutes of work on a lead.
MINUTES = 45.0

#: Desks that are played for each cell of the grid; the spread of their answers gives the error of their mean.
DESKS = 4


class Cell(NamedTuple):
    """A desk, its load, and its target."""

    salespeople: int
    load: float
    target: float


class Comparison(NamedTuple):
    """The share in time that was promised, the one reached, and the standard error of the latter."""

    promised: float
    reached: float
    error: float


def compare_cell(cell: Cell, *, handling: Handling, leads: int) -> Comparison:
    """Promise by the formula, and play `DESKS` desks of `leads` leads each, after a tenth to warm up."""
    pool = ServicePool(cell.salespeople, cell.salespeople / MINUTES)
    rate = cell.load * pool.rate
    settings = Config().thresholds
    waiting = estimate_waiting(
        rate,
        pool,
        target=cell.target,
        response=settings.response,
        overdue_minutes=settings.overdue_minutes,
    )
    shares = [
        1
        - play_desk(
            salespeople=cell.salespeople,
            handling=handling,
            rate=rate,
            target=cell.target,
            leads=leads,
            warm_up=leads // 10,
            seed=1000 * desk + cell.salespeople,
        ).share_overdue(cell.target)
        for desk in range(DESKS)
    ]
    error = statistics.stdev(shares) / DESKS**0.5
    return Comparison(1 - float(waiting.overdue), statistics.mean(shares), error)


def find_proposals(count: int, *, leads: int) -> list[Comparison]:
    """Return what `count` proposals promise, and what a desk of `leads` leads reaches at the true rate.

    Companies in which the present pair is the best are passed over.
    """
    settings = Config().thresholds.model_copy(update={"replicates": 100})
    proposals: list[Comparison] = []
    seed = 0
    while len(proposals) < count:
        seed += 1
        world = make_threshold_world(seed, settings)
        choice = choose_threshold(world.history, world.capacity, world.active, settings=settings, seed=seed)
        if choice.now is None or choice.then is None or choice.then == choice.now:
            continue
        pool = world.truth.pool
        comes = world.truth.history.arrival_scores >= choice.then.threshold
        a_day = float(world.truth.history.arrivals[comes].sum()) / settings.window_days
        played = play_desk(
            salespeople=round(pool.places),
            handling=exponential(pool.places / pool.rate),
            rate=a_day * settings.horizon_days / world.truth.open_minutes,
            target=choice.then.sla_minutes,
            leads=leads,
            warm_up=leads // 10,
            seed=seed,
        )
        reached = 1 - played.share_overdue(choice.then.sla_minutes)
        proposals.append(Comparison(choice.then.in_time, reached, 0.0))
    return proposals


def measure_promise(*, quick: bool) -> Measured:
    """Compare the whole grid with exponential handling times, and a part of it with others."""
    leads = 2_000 if quick else 20_000
    grid = [
        Cell(*cell)
        for cell in ((c, load, target) for c in SALESPEOPLE for load in LOADS for target in TARGETS)
    ]
    compared = [compare_cell(cell, handling=exponential(MINUTES), leads=leads) for cell in grid]
    gaps = [found.promised - found.reached for found in compared]
    figures = [
        Figure("desks, loads and targets compared", len(grid), ""),
        Figure("promised minus reached, mean", 100 * statistics.mean(gaps), "points"),
        Figure("the largest promise too much", 100 * max(gaps), "points", "at most", 2),
        Figure("the largest promise too little", -100 * min(gaps), "points", "at most", 2),
        Figure("largest standard error of a desk", 100 * max(found.error for found in compared), "points"),
    ]
    proposals = find_proposals(40, leads=2 * leads)
    excess = [100 * (found.promised - found.reached) for found in proposals]
    figures += [
        Figure("40 proposals: in time, promised", statistics.mean(found.promised for found in proposals), ""),
        Figure("40 proposals: in time, reached", statistics.mean(found.reached for found in proposals), ""),
        Figure("40 proposals: promised minus reached", statistics.mean(excess), "points", "at most", 2),
        Figure("40 proposals: its standard deviation", statistics.stdev(excess), "points"),
        Figure("40 proposals: largest", max(excess), "points"),
        Figure("40 proposals: smallest", min(excess), "points"),
    ]
    others = {"alike": constant(MINUTES), "deviation 1.5 x mean": lognormal(MINUTES, spread=1.5)}
    for name, handling in others.items():
        for salespeople in (1, 5, 20):
            cells = [Cell(salespeople, load, target) for load in (0.7, 0.9) for target in (30.0, 120.0)]
            found = [compare_cell(cell, handling=handling, leads=leads) for cell in cells]
            worst = [100 * (each.promised - each.reached) for each in found]
            figures.append(Figure(f"{name}, {salespeople} salespeople: least", min(worst), "points"))
            figures.append(Figure(f"{name}, {salespeople} salespeople: most", max(worst), "points"))
    return Measured(figures, remarks=[f"{DESKS} desks of {leads} leads each; points: promised minus reached"])

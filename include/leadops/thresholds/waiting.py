"""How long leads wait for salespeople, and what waiting costs, for any load.

Leads come at random (Poisson), and handling times are exponential. A salesperson who is free takes the lead
that has waited longest among those within the SLA target. Where there is none, the salesperson takes an
overdue lead, and finishes it even if a fresh lead comes meanwhile (non-preemptive). All times are minutes
of working time.

The answer is in closed form. Let V be the time that a lead coming now would have to wait, m the leads a
minute that the pool handles, r the leads a minute that come, and D the target. While everybody is busy V
falls by one a minute. A lead that comes at V < D adds a handling time of the pool, which is exponential
with rate m; one that comes at V >= D joins the overdue leads. When V reaches 0, the next overdue lead
starts, and V is again exponential with rate m. So the busy time consists of cycles that are alike, however
many leads are overdue. A level v is crossed upwards as often as downwards, so a cycle spends the time g(v)
dv at v (Brill, Level Crossing Methods in Stochastic Models, 2008), with

    g(v) = e^((r - m) v) for v < D,    g(v) = e^((r - m) D) e^(-m (v - D)) beyond.

Each cycle works off one overdue lead, or the one that ended the idle time, and brings k overdue leads,
k = r e^((r - m) D) / m on average. Idle time therefore begins after 1 / (1 - k) cycles on average, and never
if k is 1 or more, which is an overload. The plain M/M/c has no answer under an overload; this has one.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leadops.thresholds.threshold_settings import ResponseDecay

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ServicePool:
    """Who works on leads: how many at once, and the leads a minute that all of them together can handle."""

    places: float  # on average, at least 1; 1.5: half of the time one salesperson, half of the time two
    rate: float  # leads a minute, above 0


class WaitingEstimate(NamedTuple):
    """What happens to leads that come at some rate; each field has a number for each rate asked for."""

    at_once: Numbers  # part that does not wait
    overdue: Numbers  # part that is not contacted within the target
    worked: Numbers  # part that is contacted at all
    minutes: Numbers  # mean wait, cut off at the target
    chance: Numbers  # mean chance, where 1 is that of a lead contacted at once


class FreshLine(NamedTuple):
    """What happens to leads until the target; each field has a number for each rate asked for."""

    at_once: Numbers  # part that does not wait
    overdue: Numbers  # part that is not contacted within the target
    minutes: Numbers  # mean wait, cut off at the target
    in_time: Numbers  # mean chance of those contacted in time, of all leads


def respond(minutes: Any, response: ResponseDecay) -> Any:
    """Return the chance of a lead contacted after `minutes`, as part of one contacted at once."""
    return response.floor + (1 - response.floor) * np.exp2(-np.asarray(minutes) / response.half_life_minutes)


def estimate_waiting(
    rate: Any, pool: ServicePool, *, target: float, response: ResponseDecay, overdue_minutes: float
) -> WaitingEstimate:
    """Return what waiting does to leads that come at `rate` a minute (a number or an array, each above 0).

    An overdue lead is contacted, where time is left over, `overdue_minutes` after its `target`. Where places
    are not whole, somebody is away for a part of the time; the shares of both times are added up.
    """
    rate = np.asarray(rate, dtype=np.float64)
    few = int(pool.places)
    share = pool.places - few
    line = _estimate_line(rate, few, pool.rate * few / pool.places, target, response)
    if share > 0:
        more = _estimate_line(rate, few + 1, pool.rate * (few + 1) / pool.places, target, response)
        line = FreshLine(*((1 - share) * one + share * other for one, other in zip(line, more, strict=True)))
    spare = np.maximum(pool.rate - rate * (1 - line.overdue), 0.0)
    late = np.minimum(line.overdue, spare / rate)
    return WaitingEstimate(
        at_once=line.at_once,
        overdue=line.overdue,
        worked=1 - line.overdue + late,
        minutes=line.minutes,
        chance=line.in_time + late * respond(target + overdue_minutes, response),
    )


def _estimate_line(
    rate: Numbers, places: int, handled: float, target: float, response: ResponseDecay
) -> FreshLine:
    """Return what becomes of leads within the target, where `places` people handle `handled` a minute."""
    drift = rate - handled
    # Everything is divided by e^scale, so that an overload of days does not overflow.
    scale = np.maximum(drift * target, 0.0)
    in_line = _integrate(drift, target, scale)
    beyond = np.exp(drift * target - scale) / handled
    # 1 - k of the module's text; 0 in an overload, where nobody is ever free. Else the scale is 0.
    left = np.where(drift < 0, 1.0 - rate * beyond, 0.0)
    one_idle = _find_share_of_one_idle(rate * (places / handled), places)
    busy = rate * (in_line + beyond)
    at_once = left / (left + one_idle * busy)
    unit = one_idle / (left + one_idle * busy)
    overdue = rate * beyond * unit
    decay = np.log(2.0) / response.half_life_minutes
    fading = _integrate(drift - decay, target, scale)
    return FreshLine(
        at_once=at_once,
        overdue=overdue,
        minutes=rate * unit * _integrate_moment(drift, target, scale, in_line) + target * overdue,
        in_time=at_once + rate * unit * (response.floor * in_line + (1 - response.floor) * fading),
    )


def _find_share_of_one_idle(offered: Numbers, places: int) -> Numbers:
    """Return the part of the idle time in which exactly one is free (Erlang's recursion).

    `offered` are the salespeople that the leads would keep busy. The sum of the idle states, in units of this
    one, grows beyond every number where many people have next to nothing to do; its inverse goes to 0.
    """
    share = np.ones_like(offered)
    for busy in range(1, places):
        share = share / (share + busy / offered)
    return share


def _integrate(growth: Numbers, until: float, scale: Numbers) -> Numbers:
    """Return the integral of e^(growth x) over [0, until], divided by e^scale."""
    power = growth * until
    flat = np.abs(power) < 1e-9
    safe = np.where(flat, 1.0, growth)
    rising = np.exp(np.minimum(power, scale) - scale) - np.exp(-scale)
    falling = np.expm1(np.minimum(power, 1.0)) * np.exp(-scale)
    return np.where(flat, until * np.exp(-scale), np.where(power > 1.0, rising, falling) / safe)


def _integrate_moment(growth: Numbers, until: float, scale: Numbers, area: Numbers) -> Numbers:
    """Return the integral of x e^(growth x) over [0, until], divided by e^scale; `area` is that without x."""
    power = growth * until
    flat = np.abs(power) < 1e-4
    safe = np.where(flat, 1.0, growth)
    exact = (until * np.exp(power - scale) - area) / safe
    series = until**2 * (0.5 + power / 3 + power**2 / 8) * np.exp(-scale)
    return np.where(flat, series, exact)

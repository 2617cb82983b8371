"""`python -m benchmarks [NAME …] [--quick]`: measure, print, and keep the results."""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from benchmarks.attribution import measure_attribution
from benchmarks.checks import measure_checks
from benchmarks.collect import measure_collect
from benchmarks.cpu import measure_cpu
from benchmarks.dashboard import measure_dashboard
from benchmarks.decay import measure_decay
from benchmarks.figures import Measured
from benchmarks.form_intake import measure_form_intake
from benchmarks.form_to_crm import measure_form_to_crm
from benchmarks.gain_coverage import measure_gain_coverage
from benchmarks.identity import measure_identity
from benchmarks.latency import measure_latency, measure_latency_without_lane
from benchmarks.machine import describe_machine
from benchmarks.machine_acts import measure_machine_acts
from benchmarks.minute_run import measure_minute_run
from benchmarks.now_browsers import measure_now_browsers
from benchmarks.nurture import measure_nurture
from benchmarks.product_limits import measure_product_limits
from benchmarks.promise import measure_promise
from benchmarks.push import measure_push
from benchmarks.ranking_worlds import measure_ranking_worlds
from benchmarks.refresh_funnel import measure_refresh_funnel
from benchmarks.results import FOLDER, keep_result
from benchmarks.retrain import measure_retrain
from benchmarks.shards import measure_shards
from benchmarks.table import show_number
from benchmarks.threshold_search import measure_threshold_search
from benchmarks.warehouse import measure_warehouse
from benchmarks.whole_stack import Stack, run_stack
from benchmarks.year.measure_year import measure_year

NAMES = (
    "minute_run",
    "push",
    "shards",
    "form_to_crm",
    "form_intake",
    "collect",
    "identity",
    "retrain",
    "decay",
    "latency",
    "latency_without_lane",
    "cpu",
    "now_browsers",
    "threshold_search",
    "attribution",
    "refresh_funnel",
    "checks",
    "ranking_worlds",
    "promise",
    "gain_coverage",
    "machine_acts",
    "product_limits",
    "dashboard",
    "nurture",
    "warehouse",
)
#: Those that run only when they are named.
LONG = ("year",)


def main() -> int:
    """Run what is asked for; return 1 when a target is missed at full size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES + LONG)}; default: all but the last"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see whether they run at all")
    parser.add_argument("--results", type=Path, default=FOLDER, help="the folder for the results")
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(NAMES + LONG)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES + LONG)}")
    machine, missed = describe_machine(), False
    with ExitStack() as until_done:

        @cache
        def stack() -> Stack:
            """Start the stack when it is first asked for, once for all."""
            return until_done.enter_context(run_stack())

        benchmarks: dict[str, Callable[[], Measured]] = {
            "minute_run": partial(measure_minute_run, quick=given.quick),
            "push": partial(measure_push, quick=given.quick),
            "shards": partial(measure_shards, quick=given.quick),
            "form_to_crm": partial(measure_form_to_crm, quick=given.quick),
            "form_intake": partial(measure_form_intake, quick=given.quick),
            "collect": partial(measure_collect, quick=given.quick),
            "identity": partial(measure_identity, quick=given.quick),
            "decay": partial(measure_decay, quick=given.quick),
            "retrain": partial(measure_retrain, quick=given.quick),
            "threshold_search": partial(measure_threshold_search, quick=given.quick),
            "attribution": partial(measure_attribution, quick=given.quick),
            "refresh_funnel": partial(measure_refresh_funnel, quick=given.quick),
            "checks": partial(measure_checks, quick=given.quick),
            "nurture": partial(measure_nurture, quick=given.quick),
            "ranking_worlds": partial(measure_ranking_worlds, quick=given.quick),
            "promise": partial(measure_promise, quick=given.quick),
            "gain_coverage": partial(measure_gain_coverage, quick=given.quick),
            "machine_acts": partial(measure_machine_acts, quick=given.quick),
            "product_limits": partial(measure_product_limits, quick=given.quick),
            "dashboard": partial(measure_dashboard, quick=given.quick),
            "warehouse": partial(measure_warehouse, quick=given.quick),
            "latency": lambda: measure_latency(stack(), quick=given.quick),
            "latency_without_lane": lambda: measure_latency_without_lane(stack(), quick=given.quick),
            "year": partial(measure_year, quick=given.quick),
            "cpu": lambda: measure_cpu(stack(), quick=given.quick),
            "now_browsers": lambda: measure_now_browsers(stack(), quick=given.quick),
        }
        for name in given.names or NAMES:
            print(f"{name} …", flush=True)
            measured = benchmarks[name]()
            now = datetime.now(UTC)
            keep_result(given.results, name, measured, machine=machine, quick=given.quick, now=now)
            _show(measured)
            missed = missed or any(figure.met is False for figure in measured.figures)
    return 1 if missed and not given.quick else 0


def _show(measured: Measured) -> None:
    for figure in measured.figures:
        target = f"({figure.bound} {show_number(figure.target)})" if figure.target is not None else ""
        verdict = "" if figure.met is None else "met" if figure.met else "NOT MET"
        value = f"{show_number(figure.value):>12} {figure.unit}"
        print(f"  {figure.name:<40} {value} {target} {verdict}".rstrip())
    for remark in measured.remarks:
        print(f"  - {remark}")


if __name__ == "__main__":
    sys.exit(main())

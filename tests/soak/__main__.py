"""`make soak`: a stack of its own under people and random faults; exit code 1 where something is wrong.

python -m tests.soak [--minutes 30] [--seed 1] [--executor local|celery] [--write]
"""

import argparse
import sys

from leadops_stack.executor import EXECUTOR, SHORT
from leadops_stack.gateways import GATEWAYS
from tests.running_stack import start_stack
from tests.soak.report import write_page, write_result
from tests.soak.run import soak

RIGHT = "nothing lost, nothing double, all healed, nothing grew"


def main() -> int:
    """Run it; print what it came to."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1, help="what happens; the same seed repeats it")
    parser.add_argument("--executor", choices=SHORT, default="celery")
    parser.add_argument("--write", action="store_true", help="write the result into docs/soak.md")
    given = parser.parse_args()
    with start_stack({EXECUTOR: given.executor, GATEWAYS: "2"}) as stack:
        result = soak(
            stack,
            minutes=given.minutes,
            seed=given.seed,
            executor=given.executor,
            say=lambda line: print(line, flush=True),
        )
    print(write_result(result), "", *(result.problems or [RIGHT]), sep="\n")
    if given.write:
        write_page(result)
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())

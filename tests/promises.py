"""How many random examples a promise is tried with: LEADOPS_PROMISE_EXAMPLES, or the default of the test."""

import os


def promise_examples(default: int) -> int:
    """Return the number of examples for a property test that is tried with `default` ones normally."""
    return int(os.environ.get("LEADOPS_PROMISE_EXAMPLES", default))

"""`python -m leadops_sandbox --port P --state DIR`: serve the stand-ins until stopped."""

import argparse
import os
import sys
from pathlib import Path

from leadops_sandbox.app import create_app
from leadops_sandbox.journal import JournalBusyError
from leadops_sandbox.products.registry import list_stand_ins
from leadops_sandbox.serve import Certificate, listen, make_server
from leadops_sandbox.settings import tokens_from_environment


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; return 1, with one line on stderr, when it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m leadops_sandbox",
        description="Stand-ins for MA, CRM, Slack and PagerDuty. Tokens: the passwords of "
        "AIRFLOW_CONN_LEADOPS_MA, _CRM, _SLACK and _PAGERDUTY, else those in docs/sandbox.md.",
    )
    parser.add_argument("--port", type=int, required=True, help="the port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--state", type=Path, required=True, help="the folder that keeps the state")
    parser.add_argument("--seed", type=int, default=4, help="the seed of what the salespeople do")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than life they work")
    parser.add_argument(
        "--product",
        default=os.environ.get("LEADOPS_SANDBOX_PRODUCT", ""),
        help=f"a product to serve beside the generic routes: {', '.join(list_stand_ins())} "
        "(default: LEADOPS_SANDBOX_PRODUCT, else none)",
    )
    parser.add_argument("--certificate", type=Path, help="serve TLS with this chain (PEM); needs --key")
    parser.add_argument("--key", type=Path, help="the key of --certificate (PEM)")
    given = parser.parse_args()
    if (given.certificate is None) is not (given.key is None):
        parser.error("--certificate and --key belong together")
    try:
        app = create_app(
            given.state,
            tokens=tokens_from_environment(),
            product=None if given.product in ("", "generic") else given.product,
            sales_seed=given.seed,
            sales_speed=given.speed,
        )
    except (JournalBusyError, OSError, ValueError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    try:
        listener = listen(given.host, given.port)
    except OSError as error:
        where = f"{given.host}:{given.port}"
        sys.stderr.write(f"sandbox: cannot listen on {where} ({error.strerror}); choose another --port\n")
        return 1
    certificate = Certificate(given.certificate, given.key) if given.key else None
    make_server(app, certificate=certificate).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())

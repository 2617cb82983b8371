"""`python -m leadops_sandbox.traffic --gateway URL --write-key-env NAME`: visitors until stopped."""

import argparse
import logging
import os
import signal
import sys
from zoneinfo import available_timezones

from leadops_sandbox.answers import utc_now
from leadops_sandbox.traffic.send import SITE, Sender, send_visits
from leadops_sandbox.traffic.visits import visits


def main() -> int:
    """Send visits until SIGTERM or Ctrl-C; return 1, with one line on stderr, when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m leadops_sandbox.traffic", description=__doc__)
    parser.add_argument(
        "--gateway", required=True, help="where the gateway is, for example http://127.0.0.1:8100"
    )
    parser.add_argument("--write-key-env", required=True, help="the environment variable with the write key")
    parser.add_argument(
        "--form-secret-env",
        help="the environment variable with the secret of forms; without it forms are sent as events",
    )
    parser.add_argument(
        "--identity-secret-env",
        help="the environment variable with the secret of identities; without it all browsers make claims",
    )
    parser.add_argument("--origin", default=SITE, help="the site whose pages the visitors' browsers show")
    parser.add_argument("--seed", type=int, default=1, help="who the visitors are and what they do")
    parser.add_argument("--rate", type=float, default=60.0, help="events a minute, the mean over a week")
    parser.add_argument("--zone", default="Asia/Tokyo", help="the zone of the visitors' working week")
    given = parser.parse_args()
    # Of two secrets, while one is being replaced, the first is the new one.
    write_key, secret, identity_secret = (
        os.environ.get(name or "", "").partition(",")[0].strip()
        for name in (given.write_key_env, given.form_secret_env, given.identity_secret_env)
    )
    for wrong, advice in (
        (not write_key, f"set {given.write_key_env} to the gateway's write key"),
        (given.form_secret_env and not secret, f"set {given.form_secret_env} to the secret of forms"),
        (
            given.identity_secret_env and not identity_secret,
            f"set {given.identity_secret_env} to the secret of identities",
        ),
        (given.rate <= 0, "--rate must be above 0"),
        (given.zone not in available_timezones(), "--zone must be an IANA name such as Asia/Tokyo"),
    ):
        if wrong:
            sys.stderr.write(f"traffic: {advice}\n")
            return 1
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGTERM, _stop)
    stream = visits(given.seed, start=utc_now(), rate=given.rate, zone=given.zone)
    try:
        sender = Sender(
            given.gateway,
            write_key=write_key,
            form_secret=secret,
            identity_secret=identity_secret,
            origin=given.origin,
        )
        send_visits(stream, sender, clock=utc_now)
    except KeyboardInterrupt:
        return 0
    return 0


def _stop(_signal: int, _frame: object) -> None:
    """Leave at once; an event on its way may or may not have arrived, as with any browser that is closed."""
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())

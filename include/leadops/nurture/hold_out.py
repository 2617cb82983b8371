"""Hold-out: which members of a programme get nothing and are compared with the others."""

import hmac

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="enter_programmes")


def read_hold_out_key(connection: Connection) -> bytes:
    """Return the key of the draws; each database has one, which never changes."""
    return bytes(queries.value(connection, "read_key"))


def draw_hold_out(key: bytes, programme: str, lead_id: int) -> float:
    """Return the draw of a lead in a programme: at least 0 and less than 1, evenly spread.

    The draw is a keyed hash, so it is the same in every run and for every cycle, and the draws of two
    programmes are independent. Without `key` nobody can tell who is held out, or pick a lead that is not.
    """
    digest = hmac.digest(key, f"{programme}\0{lead_id}".encode("utf-8", "surrogatepass"), "sha256")
    # 53 bits are all that a float between 0 and 1 holds: no draw is rounded up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def is_held_out(key: bytes, programme: str, lead_id: int, *, share: float) -> bool:
    """Return whether the lead is held out of the programme at a `share` from 0 (nobody) to 1 (everybody).

    Whoever is held out at one share also is at every larger one. `lead_id` is the lead by which the person
    was in the programme first, or else enters it: so a person keeps the draw when their leads are joined.
    """
    return draw_hold_out(key, programme, lead_id) < share

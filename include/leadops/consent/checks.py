"""The check on consent: does every system hear of an opt-out?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class StuckOptOuts:
    """Opt-outs that a target has not taken: how many, since when, up to five leads, how many it refused."""

    target: str
    opt_outs: int
    oldest_at: datetime
    lead_ids: list[int]
    refused: int


def check_opt_outs(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the targets that refused an opt-out, or have not taken one for `opt_out_minutes`."""
    limit = timedelta(minutes=given.settings.opt_out_minutes)
    findings = []
    for stuck in queries.all(connection, "list_stuck", StuckOptOuts, before=given.now - limit):
        minutes = round((given.now - stuck.oldest_at) / timedelta(minutes=1), 1)
        facts = {
            "target": stuck.target,
            "count": stuck.opt_outs,
            "refused": stuck.refused,
            "minutes": minutes,
            "worst": minutes,
            "lead_ids": stuck.lead_ids,
        }
        findings.append(fire("opt_out_stuck", facts, since=stuck.oldest_at))
    return findings


CHECKS = (Check("opt_outs", ("opt_out_stuck",), check_opt_outs),)

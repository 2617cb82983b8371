"""Asked before an opt-out or an opt-in goes out: does it still stand?

A target may have been down since it was enqueued, and the person may have said something else by then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from leadops.consent.pass_on import OWN_WORDS
from leadops.consent.read_consent import read_consent
from leadops.db import Connection
from leadops.delivery.effect_guard import EffectGuard, WaitingEffect
from leadops.queries import Queries

queries = Queries(__file__, topic="pass_on")

NO_LONGER = {
    "opt_out_lead": "the opt-out no longer stands",
    "opt_in_lead": "the opt-in no longer stands",
}


def find_outdated(connection: Connection, effects: Sequence[WaitingEffect], target: str) -> Mapping[int, str]:
    """Return the reason of each effect that says what its person no longer says; look at them again."""
    consents = read_consent(connection, [effect.lead_id for effect in effects if effect.lead_id is not None])
    outdated = {}
    for effect in effects:
        consent = consents.get(effect.lead_id or 0)
        stands = consent is not None and (
            consent.word == "opt_out"
            if effect.operation == "opt_out_lead"
            else consent.word == "opt_in" and consent.source in OWN_WORDS
        )
        if not stands:
            outdated[effect.outbox_id] = NO_LONGER[effect.operation]
    leads = [effect.lead_id for effect in effects if effect.outbox_id in outdated]
    if leads:
        queries.run(connection, "forget_passed", target=target, lead_ids=leads)
    return outdated


def _guard(target: str, operation: str) -> EffectGuard:
    def find(connection: Connection, effects: Sequence[WaitingEffect], _: datetime) -> Mapping[int, str]:
        return find_outdated(connection, effects, target)

    return EffectGuard(target, operation, find)


CONSENT_GUARDS = tuple(_guard(target, operation) for target in ("ma", "crm") for operation in NO_LONGER)

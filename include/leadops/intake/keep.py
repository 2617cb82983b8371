"""Keeps a submission: the raw form, its event, its lead and the wishes for MA and CRM, all or nothing."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import load_sql
from leadops.events.store import AsyncConnection
from leadops.identity.claim import claim_lead_async
from leadops.identity.settings import IdentitySettings
from leadops.intake.hashes import hash_person
from leadops.intake.judge import Judged

#: Where a lead came from when neither a campaign nor the form's name says so.
SOURCE = "leadops"


async def keep_submission(
    connection: AsyncConnection,
    judged: Judged,
    *,
    submission_id: str,
    body: bytes,
    secret: int,
    hash_key: bytes,
    identity: IdentitySettings,
    now: datetime,
) -> bool:
    """Keep a judged submission in one transaction; return False where it was kept before.

    `secret` is the place, from 1, of the secret that signed `body`. Raises psycopg.Error and
    TransientError, nothing kept.
    """
    row = judged.row
    raw = {
        "submission_id": submission_id,
        "sender_id": judged.submission.submission_id,
        "secret": secret,
        "body": body.decode(),
        "now": now,
    }
    async with connection.transaction():
        kept = await connection.execute(
            load_sql("leadops.intake", "keep_submission"), row | raw | {"payload": Jsonb(row["payload"])}
        )
        found = await kept.fetchone()
        if found is None:
            return False
        lead_id = await claim_lead_async(connection, email=row["email"], event_seq=found[0], now=now)
        await connection.execute(
            load_sql("leadops.intake", "want_lead"),
            _wishes(judged, identity)
            | {"lead_id": lead_id, "now": now}
            | {"person": hash_person(hash_key, row["email"])},
        )
    return True


def _wishes(judged: Judged, identity: IdentitySettings) -> dict[str, Any]:
    submission, email = judged.submission, judged.row["email"]
    utm = submission.context.utm

    def tell(names: list[str]) -> str | None:
        told = (submission.properties.get(name) for name in names)
        return next((value for value in told if isinstance(value, str) and value.strip()), None)

    return {
        "email": email,
        "first_name": tell(identity.first_name),
        "last_name": tell(identity.last_name),
        "utm": Jsonb(utm) if utm else None,
        "company": tell(identity.traits.get("company", [])) or email.partition("@")[2],
        "source": (utm or {}).get("campaign") or submission.form or SOURCE,
    }

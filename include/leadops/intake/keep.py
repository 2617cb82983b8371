"""Keeps a submission: the raw form, its event, its lead and the wishes for MA and CRM, all or nothing."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import load_sql
from leadops.events.store import AsyncConnection
from leadops.identity.identity_settings import IdentitySettings
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
    """Keep a judged submission in one statement; return False where it was kept before.

    `secret` is the place, from 1, of the secret that signed `body`. Raises psycopg.Error,
    nothing kept.
    """
    row = judged.row
    kept = await connection.execute(
        load_sql("leadops.intake", "keep_submission"),
        {
            **row,
            **_wishes(judged, identity),
            "submission_id": submission_id,
            "sender_id": judged.submission.submission_id,
            "secret": secret,
            "body": body.decode(),
            "payload": Jsonb(row["payload"]),
            "person": hash_person(hash_key, row["email"]),
            "now": now,
        },
    )
    return await kept.fetchone() is not None


def _wishes(judged: Judged, identity: IdentitySettings) -> dict[str, Any]:
    submission, email = judged.submission, judged.row["email"]
    utm = submission.context.utm

    def tell(names: list[str]) -> str | None:
        told = (submission.properties.get(name) for name in names)
        return next((value for value in told if isinstance(value, str) and value.strip()), None)

    return {
        "first_name": tell(identity.first_name),
        "last_name": tell(identity.last_name),
        "utm": Jsonb(utm) if utm else None,
        "company": tell(identity.traits.get("company", [])) or email.partition("@")[2],
        "source": (utm or {}).get("campaign") or submission.form or SOURCE,
    }

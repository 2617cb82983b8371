"""People, their acts, and what sales did, put straight into the tables; and what nurture makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from leadops.consent.settings_in_force import follow_settings
from leadops.db import Connection
from leadops.delivery.effect_guard import WaitingEffect
from leadops.nurture.enter_programmes import NurtureContext, enter_programmes
from leadops.nurture.exits import ContactWords
from leadops.nurture.guard import find_obstacles
from leadops.nurture.nurture_settings import NurtureSettings
from leadops.nurture.send_steps import send_due
from tests.shipped import SHIPPED

#: A Tuesday, 10:00 in Tokyo.
START = datetime(2026, 6, 2, 1, 0, tzinfo=UTC)
TEXT = {
    "words": {"en": ["x"], "ja": ["x"]},
    "en": {"subject": "x", "preview": "y"},
    "ja": {"subject": "あx", "preview": "y"},
}
#: An hour after the visit, the next day, and a week later.
STEPS = (
    {"name": "first", "delay": "1h", "message": "m.first", "stale_after": "24h"},
    {"name": "second", "delay": "next_day", "message": "m.second", "stale_after": "24h"},
    {"name": "third", "delay": "7d", "message": "m.third", "stale_after": "2d"},
)
VISIT = {"event": "page_view", "when": {"context.page": {"path": "/trial"}}}


def make_programme(**changes: Any) -> dict[str, Any]:
    """A programme of STEPS for who visits /trial; nobody is held out."""
    return {
        "entry": [VISIT],
        "takes_members": True,
        "reentry_after": "30d",
        "holdout_share": 0,
        "exits": ["contacted", "sal", "opt_out", "customer", "bounced"],
        "steps": list(STEPS),
    } | changes


def make_context(settings: NurtureSettings) -> NurtureContext:
    """Return the context of nurture with the shipped other sections."""
    contact = ContactWords(("call", "mail", "meeting"), ("workingcontacted",))
    return NurtureContext(settings, SHIPPED.company.language, SHIPPED.scoring.page_locales, contact)


def make_settings(**changes: Any) -> NurtureSettings:
    """Settings with the programme `trial` alone, without a cap; `trial` replaces parts of it."""
    trial = make_programme(**changes.pop("trial", {}))
    programmes = changes.pop("programmes", {"trial": trial})
    keys = {
        key
        for programme in programmes.values()
        for step in programme["steps"]
        for key in [step["message"], *(depth["message"] for depth in step.get("depth", []))]
        if key
    }
    body = SHIPPED.nurture.model_dump(by_alias=True) | {
        "programmes": programmes,
        "messages": dict.fromkeys(sorted(keys), TEXT),
        "frequency_cap": None,
    }
    settings = type(SHIPPED.nurture).model_validate(body | changes)
    return settings.in_company(SHIPPED.company)


@dataclass
class ProgrammeWorld:
    connection: Connection
    settings: NurtureSettings = field(default_factory=make_settings)
    now: datetime = START
    gaps: dict[tuple[str, str], str] = field(default_factory=dict)
    events: int = 0
    is_ma_down: bool = False
    #: When the first of all acts is.
    began: datetime = START

    def __post_init__(self) -> None:
        with self.connection.transaction():
            follow_settings(self.connection, SHIPPED.consent, now=self.began)
        # The programmes are in force since long before anybody acts.
        self.enter(now=self.began - timedelta(days=200))

    def at(self, text: str) -> datetime:
        """A moment by Tokyo's clock: `06-02 10:30`."""
        return datetime.fromisoformat(f"2026-{text}:00+09:00").astimezone(UTC)

    def lead(self, lead: int = 1, *, country: str | None = None, only_claimed: bool = False) -> None:
        self.connection.execute(
            "insert into identity.leads (lead_id, email, created_at, only_claimed) overriding system value"
            " values (%s, %s, %s, %s)",
            [lead, f"{lead}@x.example", START, only_claimed],
        )
        if country:
            self.connection.execute(
                "insert into identity.traits (lead_id, trait, value, comparable, ts, event_id)"
                " values (%s, 'country', %s, %s, %s, 'c')",
                [lead, Jsonb(country), Jsonb(country), START],
            )

    def act(
        self,
        lead: int = 1,
        ts: datetime = START,
        event: str = "page_view",
        *,
        received_at: datetime | None = None,
        is_history: bool = False,
        context: dict[str, Any] | None = None,
        **properties: Any,
    ) -> int:
        """Something that a lead did; scoring takes the lead, so nurture looks at it."""
        self.events += 1
        context = {"page": "https://x.example/trial"} | (context or {})
        (seq,) = self.connection.execute(
            "insert into cdp.events (event_id, event, ts, received_at, payload, proof, is_history)"
            " values (%s, %s, %s, %s, %s, 'write_key', %s) returning seq",
            [
                f"e{self.events}",
                event,
                ts,
                received_at or ts,
                Jsonb({"properties": properties, "context": context}),
                is_history,
            ],
        ).fetchone() or (0,)
        self.connection.execute(
            "insert into identity.resolved_events (event_seq, lead_id, says_consent) values (%s, %s, %s)",
            [seq, lead, event == "unsubscribe" or None],
        )
        self.look_at(lead)
        return int(seq)

    def look_at(self, *leads: int) -> None:
        for lead in leads:
            self.connection.execute("insert into nurture.inbox (lead_id) values (%s)", [lead])
        self.connection.commit()

    def join(self, person: int, *leads: int) -> None:
        for lead in (person, *leads):
            self.connection.execute(
                "insert into identity.people values (%s, %s) on conflict (lead_id) do update"
                " set person_id = excluded.person_id",
                [lead, person],
            )
        self.look_at(person, *leads)

    def split(self, *leads: int) -> None:
        self.connection.execute("delete from identity.people where lead_id = any(%s)", [list(leads)])
        self.look_at(*leads)

    def stage(self, stage: str, ts: datetime, lead: int = 1, *, cycle: int = 1) -> None:
        self.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " kpi_version) values (%s, %s, %s, %s, %s, '{}', 'v')",
            [lead, cycle, stage, ts, ts],
        )
        self.connection.commit()

    def contact(self, ts: datetime, lead: int = 1, *, cycle: int = 1) -> None:
        self.connection.execute(
            "insert into lifecycle.facts values (%s, %s, 'contact', %s, 'a', null)", [lead, cycle, ts]
        )
        self.connection.commit()

    def crm_activity(self, ts: datetime, kind: str, status: str | None = None, *, lead: int = 1) -> None:
        """An activity of the CRM on a lead that needs not be MQL."""
        self.connection.execute(
            "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
            " values ('crm', %s, %s, %s) on conflict do nothing",
            [lead, f"C-{lead}", ts],
        )
        self.connection.execute(
            "insert into crm.activities (activity_id, crm_lead_id, kind, kind_key, status, status_key,"
            " occurred_at, recorded_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [f"{lead} {ts}", f"C-{lead}", kind, kind, status, status, ts, ts],
        )
        self.connection.commit()

    @property
    def context(self) -> NurtureContext:
        return make_context(self.settings)

    def enter(self, *, now: datetime | None = None) -> None:
        while enter_programmes(
            self.connection, context=self.context, now=now or self.now, max_rows=50
        ).remaining:
            pass

    def run(self, now: datetime | None = None) -> list[str]:
        """One run of send_nurture; return the enrolments that it put into the outbox."""
        self.now = now or self.now
        before = self.queued()
        self.enter()
        while send_due(self.connection, context=self.context, gaps=self.gaps, now=self.now).remaining:
            pass
        return self.queued()[len(before) :]

    def run_until(self, end: datetime) -> dict[str, datetime]:
        """Runs whenever something is due up to `end`; return when each enrolment came, by lead and step.

        The MA takes each enrolment at once, unless it is down.
        """
        came: dict[str, datetime] = {}
        while True:
            came |= dict.fromkeys(self.run(), self.now)
            if not self.is_ma_down:
                self.claim()
            ((due_at,),) = self.rows("select min(due_at) from nurture.memberships where state = 'active'")
            if due_at is None or due_at > end:
                self.run(end)
                return came
            assert due_at > self.now, "what is due is done"
            self.now = due_at

    def claim(self, now: datetime | None = None) -> dict[str, str]:
        """What delivery does: ask before the call; return what is dropped, by lead and step."""
        self.now = now or self.now
        with self.connection.transaction():
            effects = [
                WaitingEffect(*row)
                for row in self.rows(
                    "select outbox_id, operation, lead_id, idempotency_key, payload, created_at"
                    " from delivery.outbox where state = 'pending' order by outbox_id"
                )
            ]
            obstacles = find_obstacles(self.connection, effects, self.now)
            for effect in effects:
                self.connection.execute(
                    "update delivery.outbox set state = %s, settled_at = %s where outbox_id = %s",
                    ["dropped" if effect.outbox_id in obstacles else "done", self.now, effect.outbox_id],
                )
        return {
            f"{effect.lead_id} {effect.payload['step']}": obstacles[effect.outbox_id]
            for effect in effects
            if effect.outbox_id in obstacles
        }

    def queued(self) -> list[str]:
        """The enrolments in the outbox, as `lead step`."""
        return [
            f"{lead} {step}"
            for lead, step in self.rows(
                "select lead_id, payload ->> 'step' from delivery.outbox where operation = 'enrol_lead'"
                " order by outbox_id"
            )
        ]

    def payloads(self) -> list[dict[str, Any]]:
        return [row[0] for row in self.rows("select payload from delivery.outbox order by outbox_id")]

    def sends(self) -> dict[str, str]:
        """What became of each step, as `lead step` -> state or reason."""
        rows = self.rows(
            "select m.lead_id, s.step, coalesce(s.reason, s.state) from nurture.sends s join"
            " nurture.memberships m using (membership_id) order by s.membership_id, s.decided_at, s.due_at"
        )
        return {f"{lead} {step}": became for lead, step, became in rows}

    def members(self) -> list[tuple[int, int, str, str | None]]:
        """The memberships as (lead, cycle, state, reason), by entry."""
        return [
            (row[0], row[1], row[2], row[3])
            for row in self.rows(
                "select lead_id, cycle, state, reason from nurture.memberships order by entered_at, lead_id"
            )
        ]

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values).fetchall()

    def set(self, **changes: Any) -> None:
        """Other settings from now on."""
        self.settings = make_settings(**changes)

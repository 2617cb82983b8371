"""The people of a soak: each does one thing, of which the rules say by hand what it is worth."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from leadops_sandbox.traffic.forms import sign_form, write_form
from tests.plain_http import NO_TLS

#: Seconds between two people, for one call, and before a call that was not taken is made again.
EVERY, TIMEOUT, AGAIN = 1.0, 10.0, 1.0
#: Points of behaviour in scoring.yaml, by the rule for each event.
POINTS = {"view_pricing": 15, "submit_form": 20, "webinar_register": 8, "unsubscribe": -30}


@dataclass(frozen=True)
class Act:
    """An event or form of a person: when it happened before it is sent, and what it says besides."""

    event: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    is_named: bool = True  # with the address; otherwise only with the id of a browser
    ago: timedelta = timedelta(0)
    times: int = 1  # how often it is sent


STORIES: Mapping[str, tuple[Act, ...]] = {
    "visits": (Act("view_pricing"),),
    "sends a form": (Act("submit_form"),),
    "comes late": (Act("view_pricing", ago=timedelta(hours=2)),),
    "is joined": (Act("view_pricing", is_named=False), Act("webinar_register")),
    "is sent twice": (Act("view_pricing", times=2),),
    "opts out": (Act("submit_form"), Act("unsubscribe", {"properties": {"one_click": True}})),
}


@dataclass
class Person:
    """Somebody with a story, and the ids of what was answered with 202."""

    number: int
    story: str
    accepted: list[str] = field(default_factory=list)

    @property
    def email(self) -> str:
        """The address by which everybody knows the person."""
        return f"ann@soak{self.number}.example"

    @property
    def acts(self) -> tuple[Act, ...]:
        """What the person does."""
        return STORIES[self.story]

    @property
    def points(self) -> int:
        """What that is worth, by hand."""
        return sum(POINTS[act.event] for act in self.acts)

    @property
    def is_whole(self) -> bool:
        """Whether all acts were accepted."""
        return len(self.accepted) == len(self.acts)

    @property
    def sent_a_form(self) -> bool:
        """Whether sales has to have the person."""
        return any(act.event == "submit_form" for act in self.acts)

    @property
    def opted_out(self) -> bool:
        """Whether the CRM has to know that the person wants no mail."""
        return any(act.event == "unsubscribe" for act in self.acts)


def list_people() -> Iterator[Person]:
    """Yield people without end, each story in its turn."""
    number = 0
    while True:
        for story in STORIES:
            number += 1
            yield Person(number, story)


class People(threading.Thread):
    """Sends what people do to a gateway, each call again and again until it is accepted, as senders do."""

    def __init__(self, gateway: str, *, write_key: str, form_secret: str, every: float = EVERY) -> None:
        super().__init__(daemon=True)
        self.gateway, self.every, self.sent = gateway, every, list[Person]()
        self._write_key, self._form_secret = write_key, form_secret
        self._ended, self._given_up = threading.Event(), threading.Event()
        self.repeats = 0

    def run(self) -> None:
        """Send until `end` is called; whoever has begun then finishes or is given up."""
        for person in list_people():
            if self._ended.is_set():
                return
            self.sent.append(person)
            for place, act in enumerate(person.acts):
                for _ in range(act.times):
                    if not self._repeat(lambda p=person, a=act, n=place: self._send(p, a, n)):  # type: ignore[misc]
                        return
                person.accepted.append(name_act(person, place))
            self._ended.wait(self.every)

    def end(self, *, limit: float) -> None:
        """Begin nobody's story any more, wait `limit` seconds for the last one, and give it up then."""
        self._ended.set()
        self.join(limit)
        self._given_up.set()
        self.join(4 * TIMEOUT)
        assert not self.is_alive(), "a call takes longer than its time-out"

    def find_unfinished(self) -> list[str]:
        """Return, a line each, whose calls were never all accepted: these say nothing of what was lost."""
        return [
            f"{person.email} ({person.story}): {len(person.accepted)} of {len(person.acts)} acts accepted"
            for person in self.sent
            if not person.is_whole
        ]

    def _repeat(self, send: Callable[[], bool]) -> bool:
        """Call until it is accepted; return False where that was given up."""
        while not send():
            self.repeats += 1
            if self._given_up.wait(AGAIN):
                return False
        return True

    def _send(self, person: Person, act: Act, place: int) -> bool:
        now = datetime.now(UTC)
        event: dict[str, Any] = {
            "event_id": name_act(person, place),
            "event": act.event,
            "ts": (now - act.ago).isoformat(),
            "anonymous_id": f"browser-{person.number}",
            "context": {"page": "https://www.example.com/pricing"},
            **({"email": person.email} if act.is_named else {}),
            **act.fields,
        }
        try:
            if act.event == "submit_form":
                body = write_form(event | {"properties": {"form": "contact"}})
                headers = sign_form(body, secret=self._form_secret, at=now)
                url = f"{self.gateway}/webhook/form"
                answer = httpx.post(
                    url, content=body, headers=headers, timeout=TIMEOUT, trust_env=False, verify=NO_TLS
                )
            else:
                headers = {"X-Write-Key": self._write_key}
                url = f"{self.gateway}/collect"
                answer = httpx.post(
                    url, json=event, headers=headers, timeout=TIMEOUT, trust_env=False, verify=NO_TLS
                )
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.ACCEPTED


def name_act(person: Person, place: int) -> str:
    """Return the event_id or submission_id of the act at `place`, from 0."""
    return f"soak-{person.number}-{place}"

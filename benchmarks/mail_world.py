"""A simulated world of people, mail gateways, previews and prefetches: it is known who did each act."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.scoring.oracle import Happening

#: Links of each mail.
LINKS = 8
#: Shares of the people by what stands between them and the mail.
BEHIND = {"nothing": 0.5, "gateway": 0.22, "gateway with script": 0.13, "Apple": 0.15}
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


@dataclass
class MailWorld:
    """Acts, and which of them machines did, by event_id."""

    happenings: list[Happening] = field(default_factory=list)
    machine_ids: set[str] = field(default_factory=set)
    person_ids: set[str] = field(default_factory=set)


def make_mail_world(*, people: int, mails: int, start: datetime, seed: int) -> MailWorld:
    """Send `mails` mails to `people` people, 20 to a company, from `start` (UTC) on, one a day."""
    world = _Maker(Random(seed))
    for who in range(people):
        company = who // 20
        # A company has one gateway, and most of it reads the mail in one program.
        behind = Random(seed * 1_000_003 + company).choices(list(BEHIND), weights=list(BEHIND.values()))[0]
        for mail in range(mails):
            world.deliver(who, company, mail, behind, start + timedelta(days=mail))
    return world.world


class _Maker:
    def __init__(self, random: Random) -> None:
        self.random, self.world, self.numbers = random, MailWorld(), 0

    def deliver(self, who: int, company: int, mail: int, behind: str, sent_at: datetime) -> None:
        """Deliver one mail; every third mail's service cuts times to seconds and reports no deliveries."""
        self.email, self.mail = f"p{who}@company-{company}.example", f"m{mail}"
        self.is_whole = mail % 3 == 2
        self.visitor_number = 0
        self.agent = BROWSER
        random = self.random
        delivered = sent_at + timedelta(seconds=random.uniform(0, 7200))
        self.delivered = None if self.is_whole else delivered
        if behind.startswith("gateway"):
            self.let_gateway_read(delivered, runs_script=behind == "gateway with script")
        elif behind == "Apple":
            self.agent = "Mozilla/5.0"
            self.do("mail_open", delivered + timedelta(seconds=random.uniform(1, 900)), is_machine=True)
            self.agent = BROWSER
        if random.random() < 0.3:
            self.let_person_read(delivered)

    def let_gateway_read(self, delivered: datetime, *, runs_script: bool) -> None:
        """Open the mail and fetch all links within some two seconds; one gateway in fifty takes one link."""
        random = self.random
        at = delivered + timedelta(seconds=random.choice([0.3, 1, 5, 30, 300]) * random.uniform(0.5, 1.5))
        if random.random() < 0.02:  # looks at one link, slowly: nothing tells it from a person
            self.do("mail_click", at + timedelta(seconds=8), is_machine=True, link=random.randrange(LINKS))
            return
        if random.random() < 0.7:
            self.do("mail_open", at, is_machine=True)
        for link in range(LINKS):
            at += timedelta(seconds=random.uniform(0.02, 0.35))
            self.do("mail_click", at, is_machine=True, link=link)
            if runs_script:
                self.visit(at + timedelta(seconds=random.uniform(0.3, 3)), is_machine=True, pages=1)
        if random.random() < 0.2:
            self.do("unsubscribe", at, is_machine=True)

    def let_person_read(self, delivered: datetime) -> None:
        """Open after seconds or days; one in ten reads fast. One in three clicks, some of them twice."""
        random = self.random
        is_fast = random.random() < 0.1
        wait = random.uniform(3.5, 20) if is_fast else random.expovariate(1 / 20_000) + 20
        at = delivered + timedelta(seconds=wait)
        self.do("mail_open", at, is_machine=False)
        if random.random() < 0.01:
            self.do("unsubscribe", at + timedelta(seconds=random.uniform(2, 30)), is_machine=False)
        if random.random() > 0.35:
            return
        for link in random.sample(range(LINKS), random.choice([1, 1, 1, 2, 3])):
            at += timedelta(seconds=random.uniform(0.7, 4) if is_fast else random.uniform(3, 90))
            self.do("mail_click", at, is_machine=False, link=link)
            if random.random() < 0.08:  # a double click
                self.do("mail_click", at + timedelta(seconds=0.3), is_machine=False, link=link)
            if random.random() < 0.05:  # shows the link to colleagues in a chat
                self.agent = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
                self.do("mail_click", at + timedelta(seconds=40), is_machine=True, link=link)
                self.agent = BROWSER
            self.visit(
                at + timedelta(seconds=random.uniform(0.5, 4)), is_machine=False, pages=random.randint(1, 4)
            )

    def visit(self, at: datetime, *, is_machine: bool, pages: int) -> None:
        """Look at pages of the site; a person moves a hand on most of them, from the second page on."""
        random = self.random
        kind = f"gateway-{self.visitor_number}" if is_machine else "own"
        visitor = f"{self.email}-{self.mail if is_machine else ''}-{kind}"
        self.visitor_number += 1
        self.add(
            Happening("", "identify", at - timedelta(seconds=0.01), email=self.email, anonymous_id=visitor)
        )
        for page in range(pages):
            context = {"page": "/pricing", "person": not is_machine and page > 0 and random.random() < 0.95}
            event = random.choice(["page_view", "page_view", "view_pricing", "request_document"])
            self.add(Happening("", event, at, anonymous_id=visitor, context=context), is_machine=is_machine)
            at += timedelta(seconds=random.uniform(8, 200))

    def do(self, event: str, at: datetime, *, is_machine: bool, link: int | None = None) -> None:
        properties: dict[str, Any] = {"mail_id": self.mail, "user_agent": self.agent}
        if link is not None:
            properties["link"] = f"https://seller.example/{self.mail}/{link}"
        if self.delivered:
            properties["delivered_at"] = self.delivered.isoformat()
        at = at.replace(microsecond=0) if self.is_whole else at
        self.add(Happening("", event, at, email=self.email, properties=properties), is_machine=is_machine)

    def add(self, happening: Happening, *, is_machine: bool | None = None) -> None:
        self.numbers += 1
        event_id = f"w{self.numbers}"
        self.world.happenings.append(Happening(**{**happening.__dict__, "event_id": event_id}))
        if is_machine is not None:
            (self.world.machine_ids if is_machine else self.world.person_ids).add(event_id)


def describe(happening: Happening) -> dict[str, Any]:
    """Return an act as a sender writes it."""
    item = {
        "event_id": happening.event_id,
        "event": happening.event,
        "ts": happening.ts.isoformat(),
        "email": happening.email,
        "anonymous_id": happening.anonymous_id,
        "properties": happening.properties,
        "context": happening.context,
    }
    return {name: value for name, value in item.items() if value is not None}


def batches(world: MailWorld, size: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the acts in the order of time, as calls of a sender."""
    ordered = sorted(world.happenings, key=lambda happening: happening.ts)
    for first in range(0, len(ordered), size):
        yield [describe(happening) for happening in ordered[first : first + size]]

"""What makes an act a machine's: the model of config/machines.yaml."""

import hashlib
import json
import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyNetwork, StrictBool, StrictInt

from leadops.settings import Settings


def _check_address(address: str) -> str:
    first, *steps = address.split(".")
    if first not in ("properties", "context") or not steps or not all(steps):
        raise ValueError("give properties.<name> or context.<name>, for example properties.mail_id")
    return address


def _check_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


#: Each address of a fact costs time for each act, so there are few.
MAX_ADDRESSES = 4

Address = Annotated[str, AfterValidator(_check_address)]
Addresses = Annotated[tuple[Address, ...], Field(max_length=MAX_ADDRESSES)]
AgentPattern = Annotated[str, AfterValidator(_check_pattern)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


def _check_mark(address: str) -> str:
    if not address.startswith("properties."):
        raise ValueError("a mark is one of the properties: give properties.<name>")
    return address


MarkAddress = Annotated[Address, AfterValidator(_check_mark)]


class ActAddresses(Settings):
    """Where an event holds each fact, as dotted addresses; the first that holds something counts."""

    mail: Addresses
    link: Addresses
    delivered_at: Addresses
    agent: Addresses
    network: Addresses
    trap: Addresses
    confirmed: Addresses
    person: Addresses


class MomentSignal(Settings):
    """Acts that lie, or follow something, within some seconds."""

    seconds: Seconds


class MarkSignal(Settings):
    """Marks of mail services."""

    addresses: tuple[MarkAddress, ...]


class AgentSignal(Settings):
    """User agents beside, or in spite of, the list of crawler-user-agents."""

    also: tuple[AgentPattern, ...]
    never: tuple[AgentPattern, ...]


class NetworkSignal(Settings):
    """Networks of machines: the shipped list of crawlers without `never`, and own ones."""

    crawlers: StrictBool
    never: tuple[IPvAnyNetwork, ...]
    networks: tuple[IPvAnyNetwork, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is no network at all."""
        return not (self.crawlers or self.networks)


class CompanySignal(Settings):
    """One link, fetched for several people of a company within some seconds."""

    people: StrictInt = Field(ge=2, le=1000)
    seconds: Seconds


class VisitSignal(Settings):
    """Acts on the site right after a machine's click."""

    seconds: Seconds
    visit_minutes: Annotated[float, Field(gt=0, le=1440)]
    events: tuple[str, ...]


class Signals(Settings):
    """Each signal; None: it is off."""

    same_moment: MomentSignal | None
    trap_link: StrictBool | None
    after_delivery: MomentSignal | None
    marked: MarkSignal | None
    agent: AgentSignal | None
    network: NetworkSignal | None
    many_people: CompanySignal | None
    visit: VisitSignal | None


class MachineSettings(Settings):
    """config/machines.yaml."""

    wait_seconds: float = Field(ge=0, le=3600)
    mediums: tuple[str, ...]
    addresses: ActAddresses
    signals: Signals

    @property
    def wait(self) -> timedelta:
        """How long after its arrival an act through a mail counts."""
        return timedelta(seconds=self.wait_seconds)

    def hash(self) -> str:
        """Return the SHA-256 (hex) of everything that decides a verdict."""
        body = self.model_dump(mode="json", exclude={"wait_seconds", "mediums"})
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

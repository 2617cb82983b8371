"""Ties identifiers to leads, one event after the other: the definition of whose an event is.

An event is its email's lead's. Without an email it is the lead's of its first identifier that has one, in the
order of KINDS; with none, it waits. Identifiers of the event that nobody has become the lead's, and with them
those that earlier waiting events tie to them. An identifier that has a lead keeps it; seen with too many
emails, it is nobody's from then on.

An identifier that was seen with the emails of two leads, in events that carry both, is evidence that they are
one person; leadops.identity.join says what follows.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Identifiers beside the email, by how much they say of the person.
KINDS = ("enrichment_id", "user_id", "anonymous_id")

#: Stands for a lead where an identifier is nobody's for good.
NOBODY = 0

#: Kind and value.
Identifier = tuple[str, str]


@dataclass(frozen=True)
class Link:
    """One event: `lead` is that of its email, 0 without one; its identifiers in the order of KINDS."""

    event_seq: int
    lead: int
    identifiers: tuple[Identifier, ...]


@dataclass
class Spread:
    """What is known before (owners, sightings, sizes), and what the events add to it."""

    emails_per_identifier: int  # an identifier seen with more is nobody's
    identifiers_per_lead: int  # a lead gets no more
    owners: dict[Identifier, int] = field(default_factory=dict)
    sightings: dict[tuple[str, str, int], int] = field(default_factory=dict)  # with another lead -> event_seq
    sizes: Counter[int] = field(default_factory=Counter)  # lead -> identifiers it has
    unconfirmed: set[Identifier] = field(
        default_factory=set
    )  # tied by others, not seen with the lead's email
    linked: dict[Identifier, tuple[int, int]] = field(default_factory=dict)  # -> lead, event_seq
    placed: dict[int, int] = field(default_factory=dict)  # event_seq -> lead, of events without an email
    seen: list[tuple[str, str, int, int]] = field(default_factory=list)  # new sightings
    shared: dict[Identifier, int] = field(default_factory=dict)  # became nobody's -> event_seq
    confirmed: dict[Identifier, int] = field(default_factory=dict)  # seen with its lead's email -> event_seq
    refused: dict[int, list[int]] = field(default_factory=dict)  # full lead -> events that offered more
    _emails: Counter[Identifier] = field(default_factory=Counter)
    _chains: dict[Identifier, set[Identifier]] = field(default_factory=dict)  # free identifiers tied so far

    def __post_init__(self) -> None:
        self._emails.update((kind, value) for kind, value, _ in self.sightings)

    def read(self, links: Iterable[Link]) -> None:
        """Take in events in the order of event_seq, those that waited first."""
        for link in links:
            lead = link.lead or next((owner for each in link.identifiers if (owner := self._owner(each))), 0)
            if not lead:
                self._chain([each for each in link.identifiers if each not in self.owners])
                continue
            if not link.lead:
                self.placed[link.event_seq] = lead
            for each in link.identifiers:
                known = self.owners.get(each)
                if known is None:
                    self._tie(each, lead, link.event_seq)
                elif link.lead and known not in (NOBODY, lead):
                    self._sight(each, lead, link.event_seq)
                if link.lead and each in self.unconfirmed and self.owners[each] == lead:
                    self.unconfirmed.remove(each)
                    self.confirmed[each] = link.event_seq

    def _owner(self, identifier: Identifier) -> int:
        return self.owners.get(identifier, NOBODY)

    def _chain(self, free: list[Identifier]) -> None:
        """Remember that `free` belong together, whoever they will be."""
        if len(free) < 2:
            return
        chains = [self._chains.get(each, {each}) for each in free]
        whole = max(chains, key=len)
        for chain in chains:
            if chain is not whole:
                whole |= chain
                for each in chain:
                    self._chains[each] = whole
        for each in free:
            self._chains[each] = whole

    def _tie(self, identifier: Identifier, lead: int, event_seq: int) -> None:
        """Give the lead a free identifier and all that is tied to it, where it has room for them."""
        chain = self._chains.get(identifier, {identifier})
        if self.sizes[lead] + len(chain) > self.identifiers_per_lead:
            self.refused.setdefault(lead, []).append(event_seq)
            return
        self.sizes[lead] += len(chain)
        for each in chain:
            self.owners[each] = lead
            self.linked[each] = (lead, event_seq)
            self.unconfirmed.add(each)
            self._chains.pop(each, None)

    def _sight(self, identifier: Identifier, lead: int, event_seq: int) -> None:
        """Note that another lead's email was seen with an identifier; too many make it nobody's."""
        if (*identifier, lead) in self.sightings:
            return
        self.sightings[(*identifier, lead)] = event_seq
        self.seen.append((*identifier, lead, event_seq))
        self._emails[identifier] += 1
        if 1 + self._emails[identifier] > self.emails_per_identifier:
            self.sizes[self.owners[identifier]] -= 1
            self.owners[identifier] = NOBODY
            self.shared[identifier] = event_seq

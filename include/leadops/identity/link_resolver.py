"""Ties identifiers to leads, one event after the other: the definition of whose an event is.

An event belongs to the lead of its email. Without an email it belongs to the lead of its first identifier
that has one, in the order of KINDS; if none has, the event waits. Unassigned identifiers of the event become
the lead's, together with those that earlier waiting events tie to them. An identifier that has a lead keeps
it. Seen with too many emails, an identifier is nobody's from then on.

An identifier that was seen with the emails of two leads, in events that carry both, is evidence that they are
one person; leadops.identity.merge_people says what follows.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Identifiers beside the email, by how much they say about the person.
KINDS = ("enrichment_id", "user_id", "anonymous_id")

#: Stands for a lead where an identifier is nobody's for good.
NOBODY = 0

#: Kind and value.
Identifier = tuple[str, str]


@dataclass(frozen=True)
class LinkEvent:
    """One event: `lead` is that of its email, 0 without one; its identifiers in the order of KINDS."""

    event_seq: int
    lead: int
    identifiers: tuple[Identifier, ...]


@dataclass
class LinkResolver:
    """What is known beforehand (owners, sightings, sizes), and what the events add to it."""

    emails_per_identifier: int  # an identifier seen with more is nobody's
    identifiers_per_lead: int  # a lead gets no more
    owners: dict[Identifier, int] = field(default_factory=dict)
    sightings: dict[tuple[str, str, int], int] = field(default_factory=dict)  # with another lead -> event_seq
    sizes: Counter[int] = field(default_factory=Counter)  # lead -> identifiers it has
    unconfirmed: set[Identifier] = field(default_factory=set)  # has a lead, not yet seen with its email
    aliases_added: dict[Identifier, tuple[int, int]] = field(default_factory=dict)  # -> lead, event_seq
    assigned: dict[int, int] = field(default_factory=dict)  # event_seq -> lead, of events without an email
    sightings_added: list[tuple[str, str, int, int]] = field(default_factory=list)
    shared: dict[Identifier, int] = field(default_factory=dict)  # became nobody's -> event_seq
    confirmed: dict[Identifier, int] = field(default_factory=dict)  # seen with its lead's email -> event_seq
    over_limit: dict[int, list[int]] = field(default_factory=dict)  # full lead -> events that offered more
    _emails: Counter[Identifier] = field(default_factory=Counter)
    _groups: dict[Identifier, set[Identifier]] = field(default_factory=dict)  # unassigned, tied to each other

    def __post_init__(self) -> None:
        self._emails.update((kind, value) for kind, value, _ in self.sightings)

    def resolve(self, events: Iterable[LinkEvent]) -> None:
        """Take in events in the order of event_seq, those that waited first."""
        for event in events:
            lead = event.lead or self._find_owner(event.identifiers)
            if not lead:
                self._group([name for name in event.identifiers if name not in self.owners])
                continue
            if not event.lead:
                self.assigned[event.event_seq] = lead
            for identifier in event.identifiers:
                owner = self.owners.get(identifier)
                if owner is None:
                    self._assign(identifier, lead, event.event_seq)
                elif event.lead and owner not in (NOBODY, lead):
                    self._note_sighting(identifier, lead, event.event_seq)
                if event.lead and identifier in self.unconfirmed and self.owners[identifier] == lead:
                    self.unconfirmed.remove(identifier)
                    self.confirmed[identifier] = event.event_seq

    def _find_owner(self, identifiers: Iterable[Identifier]) -> int:
        """Return the lead of the first of `identifiers` that has one, else NOBODY."""
        owners = (self.owners.get(identifier, NOBODY) for identifier in identifiers)
        return next((owner for owner in owners if owner), NOBODY)

    def _group(self, unassigned: list[Identifier]) -> None:
        """Remember that `unassigned` belong together, whoever they will belong to."""
        if len(unassigned) < 2:
            return
        groups = [self._groups.get(identifier, {identifier}) for identifier in unassigned]
        largest = max(groups, key=len)
        for group in groups:
            if group is not largest:
                largest |= group
                for identifier in group:
                    self._groups[identifier] = largest
        for identifier in unassigned:
            self._groups[identifier] = largest

    def _assign(self, identifier: Identifier, lead: int, event_seq: int) -> None:
        """Give the lead an unassigned identifier and all that is tied to it, if it has room for them."""
        group = self._groups.get(identifier, {identifier})
        if self.sizes[lead] + len(group) > self.identifiers_per_lead:
            self.over_limit.setdefault(lead, []).append(event_seq)
            return
        self.sizes[lead] += len(group)
        for member in group:
            self.owners[member] = lead
            self.aliases_added[member] = (lead, event_seq)
            self.unconfirmed.add(member)
            self._groups.pop(member, None)

    def _note_sighting(self, identifier: Identifier, lead: int, event_seq: int) -> None:
        """Note that another lead's email was seen with an identifier; too many make it nobody's."""
        if (*identifier, lead) in self.sightings:
            return
        self.sightings[(*identifier, lead)] = event_seq
        self.sightings_added.append((*identifier, lead, event_seq))
        self._emails[identifier] += 1
        if 1 + self._emails[identifier] > self.emails_per_identifier:
            self.sizes[self.owners[identifier]] -= 1
            self.owners[identifier] = NOBODY
            self.shared[identifier] = event_seq

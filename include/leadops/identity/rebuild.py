"""Rebuilds from the events alone whose each is: every event in its order, by the definition itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.link_resolver import KINDS, NOBODY, Identifier, LinkEvent, LinkResolver
from leadops.identity.merge_people import Witness


class EventIdentifiers(NamedTuple):
    """What one event says about a person."""

    event_seq: int
    email: str | None
    enrichment_id: str | None
    user_id: str | None
    anonymous_id: str | None
    named_email: str | None  # a claim's email too, which says nothing of the person


class OwnedAlias(NamedTuple):
    """Whose an identifier is (0: nobody's), the event that tied it, and the one that confirmed it."""

    kind: str
    value: str
    lead_id: int
    event_seq: int
    confirmed_seq: int | None


@dataclass
class RebuiltIdentity:
    """The result. Leads keep their numbers; an email without a number yet gets a negative one."""

    leads: dict[str, int]  # email -> lead
    first_seqs: dict[int, int]  # lead -> event that made it, of those that events made
    resolver: LinkResolver
    resolved: dict[int, int] = field(default_factory=dict)  # event_seq -> lead
    unresolved: list[int] = field(default_factory=list)  # event_seqs

    def aliases(self) -> Iterator[OwnedAlias]:
        """Yield every identifier beside the email."""
        for (kind, value), owner in self.resolver.owners.items():
            _, event_seq = self.resolver.aliases_added[kind, value]
            yield OwnedAlias(kind, value, owner, event_seq, self.resolver.confirmed.get((kind, value)))

    def witnesses(self) -> list[Witness]:
        """Return with whose emails each identifier was seen, unless it is shared."""
        owners = self.resolver.owners
        confirmed = [
            Witness(*identifier, owners[identifier], event_seq)
            for identifier, event_seq in self.resolver.confirmed.items()
            if owners[identifier] != NOBODY
        ]
        return confirmed + [
            Witness(kind, value, lead, event_seq)
            for (kind, value, lead), event_seq in self.resolver.sightings.items()
            if owners[kind, value] != NOBODY
        ]


def rebuild_identity(
    events: Iterable[EventIdentifiers],
    *,
    known_leads: Mapping[str, int],
    settings: IdentitySettings,
    numbers: Iterable[int],
) -> RebuiltIdentity:
    """Resolve events in their order. `known_leads` are leads that no resolver made: email -> lead.

    Each further email gets the next of `numbers`, in the order of its first event. All identifiers are held
    in memory, and a number for each event.
    """
    resolver = LinkResolver(settings.emails_per_identifier, settings.identifiers_per_lead)
    rebuilt = RebuiltIdentity(dict(known_leads), {}, resolver)
    waiting: dict[Identifier, list[tuple[int, str | None]]] = defaultdict(list)
    unresolved: set[int] = set()
    blocked = {kind: frozenset(values) for kind, values in settings.blocked.model_dump().items()}
    unused = iter(numbers)
    spare = 0
    for event in events:
        lead = NOBODY
        if event.email is not None:
            if event.email not in rebuilt.leads:
                number = next(unused, None)
                if number is None:
                    spare -= 1
                    number = spare
                rebuilt.leads[event.email] = number
                rebuilt.first_seqs[number] = event.event_seq
            lead = rebuilt.leads[event.email]
        identifiers = () if event.email in blocked["email"] else _list_identifiers(event, blocked)
        unassigned = [name for name in identifiers if name not in resolver.owners]
        before = len(resolver.aliases_added)
        resolver.resolve([LinkEvent(event.event_seq, lead, identifiers)])
        if owner := lead or resolver.assigned.get(event.event_seq):
            if event.named_email is None or rebuilt.leads.get(event.named_email) == owner:
                rebuilt.resolved[event.event_seq] = owner
            else:
                unresolved.add(event.event_seq)
        else:
            unresolved.add(event.event_seq)
            for name in unassigned:
                waiting[name].append((event.event_seq, event.named_email))
        for name in list(resolver.aliases_added)[before:]:
            owner = resolver.aliases_added[name][0]
            for event_seq, named_email in waiting.pop(name, ()):
                is_own = named_email is None or rebuilt.leads.get(named_email) == owner
                if event_seq in unresolved and is_own:
                    unresolved.remove(event_seq)
                    rebuilt.resolved[event_seq] = owner
    rebuilt.unresolved = sorted(unresolved)
    return rebuilt


def _list_identifiers(
    event: EventIdentifiers, blocked: Mapping[str, frozenset[str]]
) -> tuple[Identifier, ...]:
    values = zip(KINDS, (event.enrichment_id, event.user_id, event.anonymous_id), strict=True)
    return tuple((kind, value) for kind, value in values if value is not None and value not in blocked[kind])

"""Works out from the events alone whose each is: every event in its order, by the definition itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.join import Witness
from leadops.identity.spread import KINDS, NOBODY, Identifier, Link, Spread


@dataclass(frozen=True)
class Told:
    """What one event tells of a person."""

    event_seq: int
    tells_traits: bool
    email: str | None
    enrichment_id: str | None
    user_id: str | None
    anonymous_id: str | None


@dataclass
class Replayed:
    """What comes out. Leads are numbered as they are; an email without a number yet gets a negative one."""

    leads: dict[str, int]  # email -> lead
    first_seqs: dict[int, int]  # lead -> event that made it, of those that events made
    spread: Spread
    resolved: dict[int, int] = field(default_factory=dict)  # event_seq -> lead
    unresolved: list[int] = field(default_factory=list)  # event_seqs

    def owners(self) -> Iterator[tuple[str, str, int, int, int | None]]:
        """Return kind, value, lead (0: nobody), event that tied it, event that showed it with the email."""
        for (kind, value), owner in self.spread.owners.items():
            _, event_seq = self.spread.linked[kind, value]
            yield kind, value, owner, event_seq, self.spread.confirmed.get((kind, value))

    def witnesses(self) -> list[Witness]:
        """Return with whose emails each identifier was seen that is not shared."""
        owners = self.spread.owners
        found = [
            Witness(*each, owners[each], seq)
            for each, seq in self.spread.confirmed.items()
            if owners[each] != NOBODY
        ]
        return found + [
            Witness(kind, value, lead, seq)
            for (kind, value, lead), seq in self.spread.sightings.items()
            if owners[kind, value] != NOBODY
        ]


def replay(
    told: Iterable[Told], *, given: Mapping[str, int], settings: IdentitySettings, numbers: Iterable[int]
) -> Replayed:
    """Read events in their order. `given` are leads that no resolver made: email -> lead.

    Each further email is given the next of `numbers`, in the order of its first event. All identifiers are
    held in memory, and a number for each event.
    """
    spread = Spread(settings.emails_per_identifier, settings.identifiers_per_lead)
    replayed = Replayed(dict(given), {}, spread)
    waiting: dict[Identifier, list[int]] = defaultdict(list)
    unresolved: set[int] = set()
    blocked = {kind: frozenset(values) for kind, values in settings.blocked.model_dump().items()}
    unused = iter(numbers)
    spare = 0
    for each in told:
        lead = 0
        if each.email is not None:
            if each.email not in replayed.leads:
                number = next(unused, None)
                if number is None:
                    spare -= 1
                    number = spare
                replayed.leads[each.email] = number
                replayed.first_seqs[number] = each.event_seq
            lead = replayed.leads[each.email]
        shown = () if each.email in blocked["email"] else _name(each, blocked)
        free = [name for name in shown if name not in spread.owners]
        before = len(spread.linked)
        spread.read([Link(each.event_seq, lead, shown)])
        found = lead or spread.placed.get(each.event_seq)
        if found:
            replayed.resolved[each.event_seq] = found
        else:
            unresolved.add(each.event_seq)
            for name in free:
                waiting[name].append(each.event_seq)
        for name in list(spread.linked)[before:]:
            for event_seq in waiting.pop(name, ()):
                if event_seq in unresolved:
                    unresolved.remove(event_seq)
                    replayed.resolved[event_seq] = spread.linked[name][0]
    replayed.unresolved = sorted(unresolved)
    return replayed


def _name(told: Told, blocked: Mapping[str, frozenset[str]]) -> tuple[Identifier, ...]:
    shown = zip(KINDS, (told.enrichment_id, told.user_id, told.anonymous_id), strict=True)
    return tuple((kind, value) for kind, value in shown if value is not None and value not in blocked[kind])

"""Whose each event is, worked out one event at a time: the plainest reading of the definition."""

from collections import Counter, defaultdict

from tests.scoring.oracle import Happening

Name = tuple[str, str]


class PlainResolver:
    """Reads events in their order; `leads` is event_id -> email, `owners` identifier -> email or None."""

    def __init__(self, happenings: list[Happening], *, emails: int, identifiers: int) -> None:
        self.emails, self.identifiers = emails, identifiers
        self.leads: dict[str, str] = {}
        self.owners: dict[Name, str | None] = {}
        self.sightings: dict[Name, set[str]] = defaultdict(set)
        self.sizes: Counter[str] = Counter()
        self.waiting: list[Happening] = []
        for each in happenings:
            self._read(each)

    def _read(self, happening: Happening) -> None:
        names = names_of(happening)
        lead = happening.email or next((self.owners[n] for n in names if self.owners.get(n)), None)
        if lead is None:
            self.waiting.append(happening)
            return
        self.leads[happening.event_id] = lead
        for name in names:
            if name not in self.owners:
                self._give(name, lead)
            elif happening.email and self.owners[name] not in (None, lead):
                self.sightings[name].add(lead)
                if 1 + len(self.sightings[name]) > self.emails:
                    self.sizes[str(self.owners[name])] -= 1
                    self.owners[name] = None

    def _give(self, name: Name, lead: str) -> None:
        tied, before = {name}, 0
        while before != len(tied):
            before = len(tied)
            for each in self.waiting:
                if free := {n for n in names_of(each) if n not in self.owners} & tied:
                    tied |= free | {n for n in names_of(each) if n not in self.owners}
        if self.sizes[lead] + len(tied) > self.identifiers:
            return
        self.sizes[lead] += len(tied)
        for each in [each for each in self.waiting if tied & set(names_of(each))]:
            self.leads[each.event_id] = lead
            self.waiting.remove(each)
        self.owners |= dict.fromkeys(tied, lead)


def names_of(happening: Happening) -> list[Name]:
    """Return the identifiers in the order of their weight."""
    enrichment = happening.properties.get("enrichment_id") if happening.event == "identify" else None
    return [
        (kind, value)
        for kind, value in [
            ("enrichment_id", enrichment),
            ("user_id", happening.user_id),
            ("anonymous_id", happening.anonymous_id),
        ]
        if value is not None
    ]

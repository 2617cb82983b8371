"""What a lead still needs to become MQL, in one English line."""

from zoneinfo import ZoneInfo

from leadops.cli.plural import count
from leadops.lifecycle.mql_outlook import MqlOutlook
from leadops.scoring.possible_acts import PossibleAct

BLOCKED = {
    "erased": "the person was erased",
    "internal": "the lead is one of our own (company.yaml)",
    "only_claimed": "only claims speak of it: a signed form or a login has to prove it first, and then only"
    " what is proven counts",
    "customer": "its account is a customer, which the KPI contract ignores",
    "open_deal": "its account has an open deal, which the KPI contract ignores",
}
WAITING = {
    "rules": "the rules have changed, and the leads are being scored again",
    "leads": "something new of it is about to be scored",
    "acts": "an act through a mail waits for evidence",
    "decay": "its behaviour is about to decay",
}


def say_outlook(outlook: MqlOutlook, *, zone: ZoneInfo) -> str:
    """Return what makes the lead MQL, or why nothing can; moments in the company's `zone`."""
    again = " again" if outlook.is_again else ""
    match outlook.state:
        case "mql":
            at = f" since {outlook.since.astimezone(zone):%Y-%m-%d %H:%M}" if outlook.since else ""
            return f"it is MQL{at}, and its cycle has not ended"
        case "passes":
            return "its points suffice: the next run makes it MQL"
        case "waiting":
            return f"what makes it MQL is known in a minute: {WAITING[outlook.because or 'leads']}"
        case "blocked":
            return f"no points can make it MQL: {BLOCKED[outlook.because or 'internal']}"
        case "far":
            return f"{_say_missing(outlook)} would make it MQL{again}; no two acts or facts give that today"
    ways = ", or ".join(" and ".join(_say_act(act) for act in way) for way in outlook.ways)
    more = f", or {count(outlook.more_ways, 'more way')}" if outlook.more_ways else ""
    until = f"; from the night of {outlook.decays_on} on it may lose points" if outlook.decays_on else ""
    return f"{_say_missing(outlook)} would make it MQL{again}: {ways}{more}{until}"


def _say_missing(outlook: MqlOutlook) -> str:
    missing = outlook.missing
    named = [("fit", missing.fit), ("behaviour", missing.behaviour)]
    parts = [f"{points} of {name}" for name, points in named if points]
    if missing.total > missing.fit + missing.behaviour:
        parts.append(f"{missing.total} in all")
    return f"{count(missing.most, 'more point')} ({' and '.join(parts)})"


def _say_act(act: PossibleAct) -> str:
    if act.kind == "fact":
        return f"{act.subject} {act.example[act.subject]} (+{act.points} {act.rule})"
    page = act.example["context"].get("page")
    on = f" of {page}" if page else ""
    said = ", ".join(f"{name} {value}" for name, value in act.example["properties"].items())
    return f"{act.subject}{on}{f' with {said}' if said else ''} (+{act.points} {act.rule})"

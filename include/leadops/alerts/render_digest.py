"""What one message says about many incidents of a group."""

from collections.abc import Sequence
from datetime import timedelta

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.blocks import Rendered, compose
from leadops.alerts.catalogue import Words
from leadops.alerts.incident import Incident
from leadops.alerts.kinds import KINDS
from leadops.alerts.links import link_runbook
from leadops.alerts.render import render_incident, say_label

MINUTE = timedelta(minutes=1)


def render_digest(incidents: Sequence[Incident], *, words: Words, settings: AlertSettings) -> Rendered:
    """Return the digest of `incidents`, of one group, the oldest first; a digest of one is that one."""
    if len(incidents) == 1:
        return render_incident(incidents[0], words=words, settings=settings)
    still = [incident for incident in incidents if incident.is_open]
    group = words.say("group", KINDS[incidents[0].kind].digest_group)
    if not still:
        return _render_end(incidents, group, words=words, settings=settings)
    counts = {"open": len(still), "resolved": len(incidents) - len(still), "group": group}
    tone = "critical" if any(incident.is_critical for incident in still) else "warning"
    return compose(
        tone=tone,
        heading=f"{words.say('words', tone)}: {words.say('digest', 'what', counts)}",
        lines=[
            (words.say("words", "since"), words.show_time(still[0].opened_at)),
            (words.say("words", "bad"), words.say("digest", "bad", counts)),
            *_name_first(still, words, settings),
            (words.say("words", "do"), words.say("digest", "do")),
        ],
        small_print=_runbooks(incidents, words, settings),
    )


def render_digest_escalation(
    incidents: Sequence[Incident], *, words: Words, settings: AlertSettings
) -> Rendered:
    """Return the call for help in the digest's thread."""
    still = [incident for incident in incidents if incident.is_open] or list(incidents)
    at = max(incident.escalated_at or incident.opened_at for incident in incidents)
    facts = {"open": len(still), "minutes": max(timedelta(), at - still[0].opened_at) / MINUTE}
    return compose(
        tone="critical",
        heading=f"{settings.mention} {words.say('words', 'escalated_digest', facts)}".strip(),
        lines=_name_first(still, words, settings),
        small_print=_runbooks(incidents, words, settings),
    )


def _render_end(
    incidents: Sequence[Incident], group: str, *, words: Words, settings: AlertSettings
) -> Rendered:
    opened = incidents[0].opened_at
    resolved = max(incident.resolved_at or incident.opened_at for incident in incidents)
    facts = {"count": len(incidents), "group": group}
    span = {"opened_at": opened, "resolved_at": resolved, "minutes": (resolved - opened) / MINUTE}
    return compose(
        tone="resolved",
        heading=f"{words.say('words', 'resolved')}: {words.say('digest', 'ended', facts)}",
        lines=[("", words.say("words", "from_to", span)), *_name_first(incidents, words, settings)],
        small_print=_runbooks(incidents, words, settings),
    )


def _name_first(
    incidents: Sequence[Incident], words: Words, settings: AlertSettings
) -> list[tuple[str, str]]:
    named = [("", f"• {say_label(incident, words)}") for incident in incidents[: settings.digest_names]]
    more = len(incidents) - len(named)
    return [*named, ("", words.say("digest", "more", {"more": more}))] if more else named


def _runbooks(incidents: Sequence[Incident], words: Words, settings: AlertSettings) -> list[str]:
    kinds = dict.fromkeys(incident.kind for incident in incidents)
    return [link_runbook(kind, words, settings) for kind in kinds]

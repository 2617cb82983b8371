"""The check on changes: which wait for a human, and which machine's files are behind?"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from leadops.changes.change_record import ChangeRecord, list_open
from leadops.changes.follow_files import read_wishes
from leadops.changes.moving_settings import MODELS
from leadops.config.gated_settings import GatedFile, list_in_force
from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire

#: A change that was not weighed for this long is reported.
UNWEIGHED_AFTER = timedelta(minutes=5)
#: How many differing settings the incident names.
NAMED_KEYS = 5


def check_changes(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the changes that wait for a human, or that could not be weighed for some minutes."""
    findings = []
    for change in list_open(connection):
        is_unweighed = change.status == "asked" and given.now - change.asked_at >= UNWEIGHED_AFTER
        if change.status == "waits" or is_unweighed:
            findings.append(fire("change_waits", _form_facts(change), since=change.asked_at))
    return findings


def check_older_files(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the files that are behind what is in force: of new machines at once, else after some minutes."""
    in_force = list_in_force(connection)
    if not MODELS.keys() <= in_force.keys():
        return []
    minutes = int(in_force["changes"].settings["older_file_minutes"])
    wishes = read_wishes(connection, now=given.now)
    files = dict[str, list[GatedFile]]()
    for file in wishes.behind:
        since = in_force[file.section].since
        if file.changed_at > since or given.now - since >= timedelta(minutes=minutes):
            files.setdefault(file.section, []).append(file)
    return [
        fire(
            "settings_behind",
            {
                "section": section,
                "readers": sorted(file.reader for file in older),
                "newer_on": list(wishes.users[section]),
                "keys": _list_differing_keys(in_force[section].settings, older)[:NAMED_KEYS],
                "in_force_since": in_force[section].since.isoformat(),
                "minutes": minutes,
            },
            since=max(in_force[section].since, min(file.changed_at for file in older)),
        )
        for section, older in sorted(files.items())
    ]


def _list_differing_keys(in_force: Mapping[str, Any], older: Sequence[GatedFile]) -> list[str]:
    """Return the settings, with dots, of which a file says something else than what is in force."""
    current = _flatten(in_force)
    keys = set[str]()
    for file in older:
        own = _flatten(file.settings)
        keys |= {key for key in current.keys() | own.keys() if current.get(key) != own.get(key)}
    return sorted(keys)


def _flatten(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return the values by their keys, joined with dots; lists stay whole."""
    values = dict[str, Any]()
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            values |= _flatten(value, f"{before}{key}.")
        else:
            values[f"{before}{key}"] = value
    return values


def _form_facts(change: ChangeRecord) -> dict[str, object]:
    facts: dict[str, object] = {"change": change.short_hash, "subject": change.subject}
    effect = change.read_effect()
    if effect is None:
        return facts | {"problem": change.problem or "the task that weighs it did not finish"}
    return facts | {
        "reason": change.reason,
        "with_points": effect.with_points,
        "changed": effect.changed,
        "moved": effect.moved,
        "share": round(100 * effect.share, 1),
        "new_mqls": effect.new_mqls,
        "examples": [str(lead) for lead in effect.examples],
    }


CHECKS = (
    Check("changes", ("change_waits",), check_changes),
    Check("older files", ("settings_behind",), check_older_files),
)

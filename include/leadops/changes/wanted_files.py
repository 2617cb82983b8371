"""Which files want something else than what is in force, and which are only behind in a rollout."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.config.gated_settings import GatedFile, SettingsInForce

#: A reader that was not seen for this long is gone, and wants nothing any more.
GONE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class FileWishes:
    """The newest wish for each section, the files that are behind what is in force, and whose are not."""

    wanted: Mapping[str, GatedFile]
    behind: Sequence[GatedFile]
    users: Mapping[str, Sequence[str]]


def sort_files(
    files: Collection[GatedFile],
    *,
    in_force: Mapping[str, SettingsInForce],
    used: Mapping[str, Sequence[str]],
    now: datetime,
) -> FileWishes:
    """Sort the `files` that say something else than what is `in_force`, the last change first.

    A file wants its content if it changed after what is in force began: the last change of a section wins.
    One that has not changed since is behind, and so is the first file of a new machine whose content was in
    force before: a rollout, or its taking back, is half done. They are so as long as somebody's file says
    what is in force: `used` are the sections for which one did lately, with the readers. `now` is UTC.
    """
    wanted = dict[str, GatedFile]()
    behind = list[GatedFile]()
    for file in files:
        if now - file.seen_at > GONE_AFTER:
            continue
        is_older = file.changed_at <= in_force[file.section].since or (file.is_first and file.was_in_force)
        if is_older and file.section in used:
            behind.append(file)
        else:
            wanted.setdefault(file.section, file)
    return FileWishes(wanted, behind, used)

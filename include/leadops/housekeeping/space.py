"""How full disks and the database are, sampled once an hour, and sooner where they are short of room."""

import os
import shutil
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: The place that stands for the database where a limit for it is set.
DATABASE = "database"
SAMPLE_EVERY = timedelta(hours=1)
#: A place that is short of room, or was when it was sampled last.
SAMPLE_SHORT_EVERY = timedelta(minutes=5)
KEEP_SAMPLES = timedelta(days=30)


@dataclass(frozen=True)
class SpaceReading:
    """How many bytes of a place are used and free."""

    place: str
    used_bytes: int
    free_bytes: int

    def is_short(self, share: float) -> bool:
        """Whether less than `share` of the whole is free."""
        return self.free_bytes < share * (self.used_bytes + self.free_bytes)


def read_disks(folders: Iterable[Path]) -> list[SpaceReading]:
    """Return one reading for each disk that holds one of `folders`; missing folders are left out."""
    readings = dict[int, SpaceReading]()
    for folder in folders:
        try:
            disk, usage = os.stat(folder).st_dev, shutil.disk_usage(folder)
        except OSError:
            continue
        place = f"{folder} on {socket.gethostname()}"[:300]
        readings.setdefault(disk, SpaceReading(place, usage.used, usage.free))
    return list(readings.values())


def sample_space(
    connection: Connection,
    disks: Sequence[SpaceReading],
    *,
    database_limit: int | None,
    short_share: float,
    now: datetime,
) -> int:
    """Record how full `disks` and the database are, where it is due; return how many samples; commits.

    A place is due once an hour, and every five minutes while less than `short_share` of it is free, or was
    when it was sampled last: disks can fill within the hour. `database_limit` is the size in bytes that the
    database may reach; without it only disks are sampled.
    """
    with connection.transaction():
        places = [disk.place for disk in disks] + ([DATABASE] if database_limit else [])
        due = set(
            queries.values(
                connection,
                "list_due_places",
                places=places,
                are_short=[disk.is_short(short_share) for disk in disks]
                + [False] * (len(places) - len(disks)),
                short_share=short_share,
                since=now - SAMPLE_EVERY,
                short_since=now - SAMPLE_SHORT_EVERY,
            )
        )
        readings = [disk for disk in disks if disk.place in due]
        if database_limit and DATABASE in due:
            size = queries.value(connection, "measure_database")
            readings.append(SpaceReading(DATABASE, size, max(database_limit - size, 0)))
        for reading in readings:
            queries.run(connection, "insert_sample", sampled_at=now, **vars(reading))
        if readings:
            queries.run(connection, "delete_old_samples", before=now - KEEP_SAMPLES)
    return len(readings)

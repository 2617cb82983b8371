"""A number that is remembered outside of the database, so that no backup of the database restores it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from leadops.errors import ConfigError


@dataclass(frozen=True)
class RememberedMark:
    """What a file remembers: its own id, the epoch of the database, and the highest number in it."""

    holder: str
    epoch: str
    mark: int


@dataclass(frozen=True)
class MarkFile:
    """The mark of each installation as a small file of `folder`; any number of processes may share it."""

    folder: Path

    def read(self, installation: str) -> RememberedMark | None:
        """Return what is remembered of the installation, or None.

        Raises ConfigError where the file cannot be read: nobody knows then whether the database went back.
        """
        path = self._path(installation)
        try:
            content = json.loads(path.read_text())
            return RememberedMark(str(content["holder"]), str(content["epoch"]), int(content["mark"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{path} cannot be read ({type(error).__name__}): see docs/backup.md"
            ) from error

    def remember(self, installation: str, mark: RememberedMark) -> RememberedMark:
        """Remember `mark` unless the file is further; return what it remembers.

        A file of the same epoch keeps its holder. Raises ConfigError where the file cannot be written.
        """
        with self._locked(installation):
            kept = self.read(installation)
            is_same_epoch = kept is not None and kept.epoch == mark.epoch
            if kept and is_same_epoch and (kept.holder != mark.holder or kept.mark >= mark.mark):
                return kept
            self._write(installation, mark)
            return mark

    def _path(self, installation: str) -> Path:
        return self.folder / f"{installation}.json"

    @contextmanager
    def _locked(self, installation: str) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Read-only, so that a process of another user waits for it too.
            descriptor = os.open(self.folder / f"{installation}.lock", os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._cannot_write(error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                raise self._cannot_write(error) from error
            yield
        finally:
            os.close(descriptor)

    def _write(self, installation: str, mark: RememberedMark) -> None:
        path = self._path(installation)
        fresh = path.with_suffix(".new")
        try:
            with fresh.open("w") as file:
                json.dump(asdict(mark), file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise self._cannot_write(error) from error

    def _cannot_write(self, error: OSError) -> ConfigError:
        return ConfigError(f"cannot write the mark to {self.folder}: {error.strerror}; see docs/backup.md")

"""The files of a user's folder as they are at one moment, once nobody writes them any more."""

import hashlib
import io
import os
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: What stands for the hash of a file that does not exist.
GONE = "gone"

#: A file that changed is read again after this many seconds, until it stays the same this often.
PAUSE_SECONDS, QUIET_READS = 0.5, 2
#: After this many reads a file counts as still being written.
MAX_READS = 12

#: Characters of each hash in `fingerprint_lines`.
_LINE_HASH = 16


@dataclass(frozen=True)
class FileState:
    """A settings file at one moment: its bytes, or `fault` where it cannot be read; neither: no such file."""

    path: Path
    content: bytes | None = None
    fault: str = ""

    @property
    def exists(self) -> bool:
        """Whether there is something of this name."""
        return self.content is not None or bool(self.fault)

    @property
    def hash(self) -> str:
        """SHA-256 of the bytes; of the fault where the file cannot be read; GONE where there is none."""
        if not self.exists:
            return GONE
        return hashlib.sha256(self.fault.encode() if self.content is None else self.content).hexdigest()


def read_file_state(path: Path) -> FileState:
    """Return what stands at `path`; nothing is raised."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # reading a pipe would wait
            return FileState(path, fault="is not a file")
        return FileState(path, path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return FileState(path, fault="is a link to nothing" if os.path.islink(path) else "")
    except OSError as error:
        return FileState(path, fault=f"cannot be read: {error.strerror}")


def read_folder(folder: Path | None, sections: Iterable[str]) -> dict[str, FileState]:
    """Return the state of the file of each section; without a folder there is none of them."""
    if folder is None:
        return {section: FileState(Path(f"{section}.yaml")) for section in sections}
    return {section: read_file_state(folder / f"{section}.yaml") for section in sections}


def read_settled_folder(
    folder: Path | None,
    sections: Collection[str],
    *,
    known: Mapping[str, Collection[str]],
    sleep: Callable[[float], None],
) -> tuple[dict[str, FileState], frozenset[str]]:
    """Return the state of the files, and the sections whose file is still being written.

    `known` has the hashes that are in force or refused already, by section. While any other file changes
    between two reads, an editor may be in the middle of it: the folder is read again.
    """
    states, quiet, changing = read_folder(folder, sections), 0, frozenset[str]()
    for _ in range(MAX_READS):
        if quiet >= QUIET_READS or all(states[name].hash in known.get(name, ()) for name in sections):
            return states, frozenset()
        sleep(PAUSE_SECONDS)
        later = read_folder(folder, sections)
        changing = frozenset(name for name in sections if later[name] != states[name])
        states, quiet = later, 0 if changing else quiet + 1
    return states, changing


def fingerprint_lines(content: bytes) -> list[str]:
    """Return the start of the SHA-256 of everything up to the end of each line."""
    digest, hashes = hashlib.sha256(), []
    for line in _split_lines(content):
        digest.update(line)
        hashes.append(digest.hexdigest()[:_LINE_HASH])
    return hashes


def ends_with_line_end(content: bytes) -> bool:
    """Whether the last line is complete."""
    return content.endswith(b"\n")


def is_cut_off(content: bytes, *, line_hashes: list[str], was_complete: bool) -> bool:
    """Whether `content` is the beginning of a file with these `line_hashes`, and that file goes on.

    Within a line only the lines before it can be compared. `was_complete`: the last line of that file ended
    with a line end.
    """
    whole, part = _split_lines(content), b""
    if content and not ends_with_line_end(content):
        part = whole.pop()
    if not whole:
        return len(line_hashes) > 1 and part.lstrip().startswith(b"#")
    missing = len(line_hashes) - len(whole)
    goes_on = missing > 1 or (missing == 1 and (was_complete or not part))
    return goes_on and fingerprint_lines(b"".join(whole))[-1] == line_hashes[len(whole) - 1]


def _split_lines(content: bytes) -> list[bytes]:
    return io.BytesIO(content).readlines()

"""Reads the file that says which column of an export is what."""

from pathlib import Path

from leadops.config.load_config import load_file
from leadops.errors import ConfigError, PermanentError
from leadops.history.import_mapping import MAPPINGS, ImportMapping


def read_mapping(kind: str, path: Path) -> ImportMapping:
    """Return the mapping of `kind` at `path`; raise ConfigError, which says so where it is one of another."""
    if kind not in MAPPINGS:
        raise PermanentError(f"{kind}: import one of {', '.join(MAPPINGS)}")
    try:
        return load_file(path, MAPPINGS[kind])
    except ConfigError as error:
        if others := [other for other in MAPPINGS if _fits(other, path)]:
            raise ConfigError(f"{path}: is a mapping for {others[0]}, not for {kind}") from error
        raise


def _fits(kind: str, path: Path) -> bool:
    try:
        load_file(path, MAPPINGS[kind])
    except ConfigError:
        return False
    return True

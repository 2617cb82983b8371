"""What can move leads: one content of such a file is in force on all machines until a decision changes it."""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import yaml

from leadops.config.gated_settings import (
    GateState,
    dump_settings,
    hash_content,
    list_gate,
    note_file,
    put_in_force,
)
from leadops.config.load_config import Section, load_whole
from leadops.config.settings_recorder import SettingsRecorder
from leadops.config.yaml_tree import parse_content
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.normalization.visible_text import show_text
from leadops.settings import Settings

log = logging.getLogger(__name__)
Model = TypeVar("Model", bound=Settings)

#: How often a reader says that it still has the same gated file: others go by it for some minutes.
GATED_EVERY = timedelta(minutes=3)


class SettingsGate:
    """Gives one reader of settings what is in force for all in place of what its own file says.

    Another content of a file of `sections` is only recorded, for leadops.changes to decide on, unless
    `moves_nobody` says that there is nobody whom it could move.
    """

    def __init__(
        self,
        recorder: SettingsRecorder,
        *,
        sections: Collection[str],
        reader: str,
        moves_nobody: Callable[[Connection], bool],
        clock: Callable[[], datetime],
        warn: Callable[[object], None],
    ) -> None:
        self._recorder, self._sections, self._reader = recorder, frozenset(sections), reader
        self._moves_nobody, self._clock, self._warn = moves_nobody, clock, warn
        self._states: dict[str, GateState] = {}
        self._announced: set[str] = set()

    def load(self, connection: Connection) -> None:
        """Read what is in force of each section."""
        if self._sections:
            self._states = list_gate(connection, reader=self._reader)

    def hold(self, name: str, model: type[Model], section: Section[Model], path: Path) -> Section[Model]:
        """Return what is in force for all of a gated section; `section` is what the file at `path` says."""
        if name not in self._sections:
            return section
        gate, own = self._states.get(name), dump_settings(section.settings)
        digest = hash_content(own)
        if self._recorder.records and section.refused is None and self._note(name, gate, digest, own, path):
            return section
        if gate is None or gate.hash == digest:
            return section
        in_force = self._read(name, model, gate)
        if in_force is None:
            return section
        held = (
            f"{name}.yaml says something else than what is in force since"
            f" {gate.since:%Y-%m-%d %H:%M} UTC; see leadops changes show"
        )
        if section.refused is None and name not in self._announced:
            self._announced.add(name)
            self._warn(held)
        return replace(in_force, refused=section.refused, held="" if section.refused else held)

    def find(self, name: str, model: type[Model]) -> tuple[Section[Model], datetime] | None:
        """Return what is in force of a section and since when; None: nothing, or nothing that can be used."""
        gate = self._states.get(name)
        section = gate and self._read(name, model, gate)
        return (section, gate.since) if gate and section else None

    def _read(self, name: str, model: type[Model], gate: GateState) -> Section[Model] | None:
        """Return what is in force; None where this version of leadops cannot use it."""
        path = Path(f"{name}.yaml in force since {gate.since:%Y-%m-%d %H:%M} UTC")
        try:
            tree = parse_content(yaml.safe_dump(gate.settings).encode(), path)
            return load_whole(name, model, tree)
        except ConfigError as error:
            self._warn(f"{path}: this version of leadops cannot use it: {error}")
            return None

    def _note(self, name: str, gate: GateState | None, digest: str, own: dict[str, Any], path: Path) -> bool:
        """Record what the file says; return whether it takes effect at once, because it moves nobody."""
        if not self._recorder.must_note(f"gated {name}"):
            return False
        now = self._clock()
        is_changed = gate is None or gate.own_hash != digest
        is_due = is_changed or gate is None or gate.seen_at is None or now - gate.seen_at >= GATED_EVERY
        taken = False

        def write(connection: Connection) -> None:
            nonlocal taken
            if is_due:
                file = show_text(str(path))
                note_file(connection, reader=self._reader, section=name, file=file, settings=own, now=now)
            if gate is None:
                put_in_force(connection, section=name, settings=own, reason="the first settings", now=now)
            elif is_changed and gate.hash != digest and self._moves_nobody(connection):
                put_in_force(connection, section=name, settings=own, reason="no lead has points", now=now)
                taken = True

        if is_due or gate is None:
            self._recorder.write(write)
        return taken

"""A broken setting changes nothing: a file that is good takes effect and is kept, else the kept ones stay.

What moves leads is gated: one content is in force on all machines until a decision changes it
(leadops.config.gated_settings, docs/changes.md).
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import psycopg
import yaml

from leadops.config.kept_settings import (
    KeptSettings,
    adopt_settings,
    forget_reader,
    list_kept,
    note_refusal,
    was_in_force,
)
from leadops.config.load_config import Section, lay_over_shipped, lay_usable_over_shipped
from leadops.config.refused_file import RefusedFile, form_refused_file
from leadops.config.settings_folder import (
    GONE,
    FileState,
    ends_with_line_end,
    fingerprint_lines,
    is_cut_off,
    read_settled_folder,
)
from leadops.config.settings_gate import SettingsGate
from leadops.config.settings_recorder import SettingsRecorder
from leadops.config.yaml_tree import build_value, empty_mapping, parse_content, serialize_tree
from leadops.db import Connection
from leadops.errors import ConfigError, LeadopsError
from leadops.normalization.visible_text import show_text
from leadops.settings import Settings

log = logging.getLogger(__name__)
Model = TypeVar("Model", bound=Settings)

#: How often a reader says again that it sees a file: a refused one is an incident only while somebody does.
SEEN_EVERY, REFUSED_EVERY = timedelta(hours=1), timedelta(seconds=45)
#: After an upgrade, what the former version accepted may not be right for this one.
NOT_USABLE = "this version refuses the settings that were in force as well"


class SettingsKeeper:
    """Reads the files of one reader (a machine and a part of leadops) as they are when first asked.

    What is accepted is kept in the database. What is refused is recorded there, which opens the incident
    `settings_refused`, and the kept settings are returned in its place. With `records` False nothing is
    written. With `needs_database` False the files stand alone while the database does not answer.

    A `gated` section is what is in force for all readers. Another content of a file is only recorded, for
    leadops.changes to decide on, unless `moves_nobody` says that there is nobody whom it could move.
    """

    def __init__(
        self,
        *,
        folder: Path | None,
        sections: Collection[str],
        reader: str,
        open_database: Callable[[], Connection],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        records: bool = True,
        needs_database: bool = True,
        warn: Callable[[object], None] = log.warning,
        gated: Collection[str] = (),
        moves_nobody: Callable[[Connection], bool] = lambda connection: False,  # noqa: ARG005
    ) -> None:
        self._folder, self._sections, self._reader = folder, sections, reader
        self._open_database, self._clock, self._sleep, self._warn = open_database, clock, sleep, warn
        self._recorder = SettingsRecorder(open_database, records=records, needs_database=needs_database)
        self._gate = SettingsGate(
            self._recorder, sections=gated, reader=reader, moves_nobody=moves_nobody, clock=clock, warn=warn
        )
        #: Whether the kept settings are known; False while the database does not answer.
        self.knows_kept = True
        self._being_written: frozenset[str] = frozenset()
        #: The files that were refused so far, by section.
        self.refused: dict[str, RefusedFile] = {}

    def read(self, name: str, model: type[Model]) -> Section[Model]:
        """Return the section `name` as it is in force.

        Raises ConfigError where the file is refused and no earlier settings are on record or usable.
        """
        state, kept = self._states[name], self._kept.get(name)
        try:
            own = self._parse(name, state, kept)
            section = lay_over_shipped(name, model, own=own)
            self._refuse_cut_off(name, state, kept, own)
        except ConfigError as error:
            section = self._fall_back(name, model, state, kept, error)
        else:
            self._accept(name, state, kept, own)
        return self._gate.hold(name, model, section, state.path) if self.knows_kept else section

    def read_usable(self, name: str, model: type[Model]) -> Section[Model]:
        """Return the section `name`, or what is usable of it: the shipped value for each faulty key.

        For notifying on-call when no earlier settings are on record.
        """
        try:
            return self.read(name, model)
        except ConfigError:
            state, kept = self._states[name], self._kept.get(name)
            return lay_usable_over_shipped(name, model, own=_parse_kept(kept) or _parse_leniently(state))

    @cached_property
    def _kept(self) -> dict[str, KeptSettings]:
        try:
            with self._open_database() as connection:
                self._gate.load(connection)
                return list_kept(connection, reader=self._reader)
        except (psycopg.Error, LeadopsError) as error:
            if self._recorder.needs_database:
                raise
            log.info("kept settings are not read: %s", type(error).__name__)
            self._recorder.records = self.knows_kept = False
            return {}

    @cached_property
    def _states(self) -> dict[str, FileState]:
        states, self._being_written = read_settled_folder(
            self._folder,
            self._sections,
            known={name: self._known_hashes(name) for name in self._sections},
            sleep=self._sleep,
        )
        return states

    def _known_hashes(self, name: str) -> set[str]:
        """Return the hashes of the file that need no second look."""
        kept = self._kept.get(name)
        if kept is None:
            return {GONE}
        return {kept.hash or "", kept.refused_hash or "", "" if kept.has_settings else GONE}

    def _parse(self, name: str, state: FileState, kept: KeptSettings | None) -> yaml.MappingNode | None:
        """Return what the file says; None: there is none, and none is missing. Raises ConfigError."""
        if state.fault:
            raise ConfigError(f"{state.path}: {state.fault}")
        if name in self._being_written and kept and kept.hash:
            raise ConfigError(f"{state.path}: is still being written")
        if state.content is not None:
            return parse_content(state.content, state.path)
        if kept is None or not kept.has_settings:
            return None
        if self._folder is None:
            raise ConfigError(f"{state.path}: is not read, because LEADOPS_CONFIG_DIR is not set")
        raise ConfigError(
            f"{state.path}: is gone; put it back, or one with only a comment for the shipped settings"
        )

    def _refuse_cut_off(
        self, name: str, state: FileState, kept: KeptSettings | None, own: yaml.MappingNode | None
    ) -> None:
        """Raise ConfigError for a file that is only the beginning of the one in force, and says less."""
        if own is None or state.content is None or kept is None or kept.line_hashes is None:
            return
        if not is_cut_off(
            state.content,
            line_hashes=kept.line_hashes,
            was_complete=bool(kept.ends_with_line_end),
        ):
            return
        in_force = _parse_kept(kept)
        if in_force is None or build_value(own) == build_value(in_force):
            return
        with self._open_database() as connection:
            if was_in_force(connection, section=name, hash=state.hash):
                return
        line = max(1, len(fingerprint_lines(state.content)))
        raise ConfigError(
            f"{state.path}:{line}: ends in the middle of the settings in force, as if it was cut off;"
            " if that is on purpose, add a comment as its last line"
        )

    def _accept(
        self, name: str, state: FileState, kept: KeptSettings | None, own: yaml.MappingNode | None
    ) -> None:
        if not self._recorder.must_note(name):
            return
        now = self._clock()
        if own is None or state.content is None:
            if kept and (kept.own_hash or kept.refused_hash):
                self._recorder.write(partial(forget_reader, reader=self._reader, section=name))
            return
        is_noted = kept and kept.own_hash == state.hash and kept.refused_hash is None
        if is_noted and kept and kept.seen_at and now - kept.seen_at < SEEN_EVERY:
            return
        self._recorder.write(
            partial(
                adopt_settings,
                reader=self._reader,
                section=name,
                file=show_text(str(state.path)),
                hash=state.hash,
                settings=serialize_tree(own),
                line_hashes=fingerprint_lines(state.content),
                ends_with_line_end=ends_with_line_end(state.content),
                is_change=kept is not None and kept.own_hash not in (None, state.hash),
                now=now,
            )
        )

    def _fall_back(
        self,
        name: str,
        model: type[Model],
        state: FileState,
        kept: KeptSettings | None,
        error: ConfigError,
    ) -> Section[Model]:
        """Return the kept settings in place of a refused file; raise `error` where there are none."""
        section: Section[Model] | None = None
        note = ""
        if kept and (own := _parse_kept(kept)) is not None:
            try:
                section = lay_over_shipped(name, model, own=own)
            except ConfigError:
                note = NOT_USABLE
        since = kept.adopted_at if kept and section else None
        if section is None and (in_force := self._gate.find(name, model)):
            (section, since), note = in_force, ""
        refused = form_refused_file(
            name,
            state.path,
            str(error),
            note=note,
            in_force_since=since,
        )
        self.refused[name] = refused
        self._note_refusal(state, kept, refused)
        if section is None:
            raise ConfigError(f"{error}\n{state.path}: {note}" if note else str(error)) from error
        self._warn(refused)
        return replace(section, refused=refused)

    def _note_refusal(self, state: FileState, kept: KeptSettings | None, refused: RefusedFile) -> None:
        if not self._recorder.must_note(refused.section):
            return
        now = self._clock()
        is_noted = kept is not None and kept.refused_hash == state.hash
        if is_noted and kept and kept.seen_at and now - kept.seen_at < REFUSED_EVERY:
            return
        self._recorder.write(
            partial(
                note_refusal,
                reader=self._reader,
                refused=refused,
                in_force=kept.hash if kept else None,
                refused_hash=state.hash,
                now=now,
            )
        )


def _parse_kept(kept: KeptSettings | None) -> yaml.MappingNode | None:
    if kept is None or kept.settings is None:
        return None
    path = Path(f"{kept.section}.yaml in force since {kept.adopted_at:%Y-%m-%d %H:%M} UTC")
    return parse_content(kept.settings.encode(), path)


def _parse_leniently(state: FileState) -> yaml.MappingNode:
    try:
        return parse_content(state.content or b"", state.path)
    except ConfigError:
        return empty_mapping(state.path)

"""`leadops replay`: send a file of events to the CDP."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn

from leadops.cli.context import sleep
from leadops.cli.terminal import console, make_progress
from leadops.clients.cdp import CdpClient
from leadops.config.load_config import load_file
from leadops.errors import ConfigError, PermanentError
from leadops.events.event_mapping import EventMapping
from leadops.events.replay_events import Replay, ReplayCounts, RowRejection
from leadops.events.replay_rows import read_event_rows
from leadops.normalization.visible_text import show_text
from leadops.secret_variables import WRITE_KEY, split_secrets
from leadops.settings import Endpoint, endpoint

#: Seconds to wait for the CDP's answer, longer than it waits for its database.
PATIENT_TIMEOUT = 30.0
KINDS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def replay(
    file: Annotated[Path, typer.Argument(help="Events as .csv (with a header) or .jsonl.")],
    mapping: Annotated[Path | None, typer.Option(help="Maps columns to fields, see docs/replay.md.")] = None,
    gateway: Annotated[str, typer.Option(help="URL of the CDP; default: AIRFLOW_CONN_LEADOPS_CDP.")] = "",
    history: Annotated[
        bool | None, typer.Option(help="Accept old events; default: as the mapping says.")
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(help="File for rejected rows; default: FILE.rejected.jsonl.")
    ] = None,
) -> None:
    """Send a file of events to the CDP with the write key LEADOPS_WRITE_KEY. Safe to re-run.

    Exit code 1 where rows were refused; they are in FILE.rejected.jsonl with the reasons.
    """
    chosen = load_file(mapping, EventMapping) if mapping else None
    past = history if history is not None else bool(chosen and chosen.history)
    target = Endpoint(base_url=gateway.rstrip("/")) if gateway else endpoint("cdp")
    client = CdpClient(
        target.model_copy(update={"timeout": max(target.timeout, PATIENT_TIMEOUT)}),
        write_key=_write_key(),
        history=past,
    )
    out = rejected or file.with_name(f"{file.name}.rejected.jsonl")
    try:
        with Rejections(out) as rejections:
            counts = _run(file, client, chosen, rejections)
    finally:
        client.close()
    console.print(_summarise(counts, out), highlight=False, soft_wrap=True)
    if counts.rejected or counts.quarantined:
        raise typer.Exit(1)


class Rejections:
    """The file of rejected rows; created with the first one, because most runs have none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def __enter__(self) -> "Rejections":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, rejection: RowRejection) -> None:
        """Write one row; raise PermanentError where the file cannot be written."""
        try:
            self._file = self._file or self._path.open("w", encoding="utf-8")
            self._file.write(json.dumps(asdict(rejection)) + "\n")
        except OSError as error:
            raise PermanentError(
                f"{self._path}: cannot be written ({error.strerror}); give another with --rejected"
            ) from error


def _run(file: Path, client: CdpClient, mapping: EventMapping | None, rejections: Rejections) -> ReplayCounts:
    kind = KINDS.get(file.suffix.lower())
    if not kind:
        raise PermanentError(f"{file}: give a .csv or a .jsonl file")
    bar = make_progress(BarColumn(), DownloadColumn(), TimeRemainingColumn())
    try:
        with bar, bar.open(file, "rb", description=show_text(file.name)) as stream:
            rows = read_event_rows(
                stream,
                kind=kind,
                columns=mapping.columns if mapping else set(),
                file=mapping.file if mapping else None,
            )
            return Replay(client, mapping=mapping, reject=rejections.add, sleep=sleep).run(rows)
    except OSError as error:
        raise PermanentError(f"{file}: cannot be read: {error.strerror}") from error


def _summarise(counts: ReplayCounts, out: Path) -> str:
    line = (
        f"{counts.rows} rows: {counts.accepted} accepted, {counts.duplicates} known already,"
        f" {counts.quarantined} in quarantine, {counts.rejected} not sent"
    )
    return f"{line}; see {out}" if counts.rejected or counts.quarantined else line


def _write_key() -> str:
    keys = split_secrets(os.environ.get(WRITE_KEY.name, ""))
    if not keys:
        raise ConfigError(f"{WRITE_KEY.name} is not set; give the gateway's write key")
    return keys[0]

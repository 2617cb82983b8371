"""`leadops forms quarantine`: signed forms that cannot become a lead, or look like spam."""

import os
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.quarantine import LONGEST_DETAIL, list_counts, parse_change, require_selection
from leadops.cli.terminal import console
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import PermanentError
from leadops.events.admit_quarantined import RetryResult
from leadops.intake.admit_forms import (
    release_quarantined_forms,
    repair_quarantined_form,
    retry_quarantined_forms,
)
from leadops.intake.form_quarantine import (
    QuarantinedForm,
    count_quarantined_forms,
    drop_quarantined_forms,
    list_quarantined_forms,
)
from leadops.mask import hide_known_secrets, mask_text
from leadops.normalization.visible_text import show_text

app = typer.Typer(help="Forms that senders signed.", no_args_is_help=True)
quarantine = typer.Typer(
    help="Forms that are not leads: list, show, repair, release, try again, drop.", no_args_is_help=True
)
app.add_typer(quarantine, name="quarantine")


@quarantine.command("list")
def list_forms(
    reason: Annotated[str, typer.Option(help="Only this reason, such as invalid_email.")] = "",
    state: Annotated[str, typer.Option(help="waiting, admitted or dropped.")] = "waiting",
    hours: Annotated[float, typer.Option(help="Only the last HOURS hours; 0: all.")] = 0,
    limit: Annotated[int, typer.Option(help="List at most this many.")] = 20,
) -> None:
    """Count quarantined forms by reason, and list the newest; no personal data."""
    since = clock() - timedelta(hours=hours) if hours else None
    with open_database() as connection:
        counts = count_quarantined_forms(connection)
        forms = list_quarantined_forms(
            connection, reason=reason or None, state=state, since=since, limit=limit
        )
    console.print(list_counts(counts, of="forms") if counts else "no form was ever quarantined")
    if forms:
        console.print(_list(forms))


@quarantine.command()
def show(
    number: Annotated[int, typer.Argument(help="Number from `leadops forms quarantine list`.")],
) -> None:
    """Show a quarantined form whole, personal data included."""
    with open_database() as connection:
        forms = list_quarantined_forms(connection, ids=[number])
    if not forms:
        raise PermanentError(f"there is no form {number}; see `leadops forms quarantine list`")
    form = forms[0]
    table = Table(show_header=False, title=f"Form {number}")
    for name, value in (
        ("state", form.state),
        ("id in the answer", form.submission_id),
        ("received (UTC)", f"{form.received_at:%Y-%m-%d %H:%M:%S}"),
        ("signed (UTC)", f"{form.signed_at:%Y-%m-%d %H:%M:%S}"),
        ("secret", str(form.secret)),
        ("times", str(form.times)),
        ("reason", form.reason),
        ("what to change", form.detail),
        ("body", hide_known_secrets(form.text)),
        ("repaired body", hide_known_secrets(form.admitted_body or "")),
    ):
        table.add_row(name, show_text(value))
    console.print(table)


@quarantine.command()
def repair(
    number: Annotated[int, typer.Argument(help="Number from `leadops forms quarantine list`.")],
    change: Annotated[
        list[str] | None, typer.Option("--set", help="path=value, the value as JSON or plain text.")
    ] = None,
    unset: Annotated[list[str] | None, typer.Option(help="Path of a field to leave out.")] = None,
) -> None:
    """Correct a quarantined form and make it a lead: repair 7 --set email=ann@buyers.example.

    A body that is not a JSON object is replaced: set every field that counts.
    """
    config = read_config()
    if not change and not unset:
        raise PermanentError("say what to change with --set path=value or --unset path")
    with open_database() as connection:
        is_new = repair_quarantined_form(
            connection,
            number,
            changes=[parse_change(text) for text in change or []],
            removals=unset or [],
            now=clock(),
            events=config.events,
            identity=config.identity,
            erased=ErasedFilter.of(os.environ),
        )
    console.print(f"{number} is a lead" if is_new else f"{number} was a lead already under its id")


@quarantine.command()
def retry(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Numbers from `leadops forms quarantine list`.")
    ] = None,
    reason: Annotated[str, typer.Option(help="All forms with this reason.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All quarantined forms.")] = False,
) -> None:
    """Validate quarantined forms again, for example after an upgrade; those that are valid become leads."""
    config = read_config()
    require_selection(ids, reason, everything, of="forms")
    with open_database() as connection:
        result = retry_quarantined_forms(
            connection,
            now=clock(),
            events=config.events,
            identity=config.identity,
            erased=ErasedFilter.of(os.environ),
            ids=ids or None,
            reason=reason or None,
        )
    _print_admitted(result)


@quarantine.command()
def release(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Numbers from `leadops forms quarantine list`.")
    ] = None,
    reason: Annotated[str, typer.Option(help="All forms with this reason, such as spam_links.")] = "",
) -> None:
    """Make leads of forms that look like spam and are a person's; each counts from when it came."""
    config = read_config()
    require_selection(ids, reason, everything=False, of="forms")
    with open_database() as connection:
        result = release_quarantined_forms(
            connection,
            now=clock(),
            events=config.events,
            identity=config.identity,
            erased=ErasedFilter.of(os.environ),
            ids=ids or None,
            reason=reason or None,
        )
    _print_admitted(result)


@quarantine.command()
def drop(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Numbers from `leadops forms quarantine list`.")
    ] = None,
    reason: Annotated[str, typer.Option(help="All forms with this reason.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All quarantined forms.")] = False,
) -> None:
    """Drop quarantined forms that are worth nothing, such as spam. They stay on record."""
    require_selection(ids, reason, everything, of="forms")
    with open_database() as connection, connection.transaction():
        dropped = drop_quarantined_forms(connection, now=clock(), ids=ids or None, reason=reason or None)
    console.print(f"{dropped} dropped")


def _print_admitted(result: RetryResult) -> None:
    console.print(
        f"{result.admitted} are leads now, {result.duplicates} were leads already,"
        f" {result.refused} are still refused"
    )


def _list(forms: list[QuarantinedForm]) -> Table:
    table = Table("number", "received (UTC)", "times", "secret", "reason", "what to change", title="Newest")
    for form in forms:
        received = f"{form.received_at:%Y-%m-%d %H:%M}"
        cells = [str(form.quarantine_id), received, str(form.times), str(form.secret), form.reason]
        table.add_row(*cells, mask_text(form.detail, longest=LONGEST_DETAIL))
    return table

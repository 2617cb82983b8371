"""`leadops forms`: the form tools, a try of a body, and forms that are not leads or look like spam."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.quarantine import (
    HoursFilter,
    MaxEntries,
    ReasonFilter,
    SetOption,
    StateFilter,
    UnsetOption,
    list_counts,
    parse_change,
    require_selection,
)
from leadops.cli.terminal import console
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import PermanentError
from leadops.events.event_refusal import EventRefusal
from leadops.events.quarantine import show_detail
from leadops.intake.admit_forms import (
    repair_quarantined_form,
    retry_quarantined_forms,
)
from leadops.intake.form_quarantine import (
    QuarantinedForm,
    count_quarantined_forms,
    drop_quarantined_forms,
    list_quarantined_forms,
)
from leadops.intake.read_form import read_form
from leadops.intake.read_tool_form import ToolForm, read_tool_forms
from leadops.intake.tool_secrets import ToolSecrets
from leadops.mask import hide_known_secrets
from leadops.normalization.visible_text import show_text

app = typer.Typer(help="Forms that senders signed.", no_args_is_help=True)
quarantine = typer.Typer(
    help="Forms that are not leads: list, show, repair, release, try again, drop.", no_args_is_help=True
)
app.add_typer(quarantine, name="quarantine")


@app.command("tools")
def list_tools() -> None:
    """List the form tools of forms.yaml: where each posts to, and what it still needs before it is on."""
    tools, secrets = read_config().forms.tools, ToolSecrets.of(os.environ)
    table = Table("tool", "posts to", "proves itself by", "status")
    for name, tool in sorted(tools.items()):
        proof = tool.signature.header if tool.signature else "a token"
        table.add_row(name, f"/webhook/form/{name}", proof, secrets.find_missing(name, tool) or "on")
    console.print(table)


@app.command("try")
def try_form(
    file: Annotated[Path, typer.Argument(help="A body as the sender posts it.")],
    tool: Annotated[str, typer.Option(help="The form tool in forms.yaml; default: our own contract.")] = "",
) -> None:
    """Show what would become of a form, by forms.yaml as it is now; nothing is stored or sent.

    The signature is not looked at. Personal data of the file are printed. Exits with 1 unless every lead in
    it would be accepted. Signs of spam that need other forms are left out.
    """
    config = read_config()
    if tool and tool not in config.forms.tools:
        raise PermanentError(f"forms.yaml has no tool {tool}; it has {', '.join(sorted(config.forms.tools))}")
    try:
        body = file.read_bytes()
    except OSError as error:
        raise PermanentError(f"{file}: cannot be read ({error.strerror})") from None
    now = clock()
    if tool:
        forms = read_tool_forms(
            body,
            name=tool,
            tool=config.forms.tools[tool],
            hash_key=b"",
            sent_at=now,
            now=now,
            settings=config.events,
        )
    else:
        forms = [
            ToolForm(read_form(body, hash_key=b"", sent_at=now, now=now, settings=config.events), body, None)
        ]
    for number, form in enumerate(forms, start=1):
        _print_try(form, number)
    if any(isinstance(form.form.verdict, EventRefusal) for form in forms):
        raise typer.Exit(1)


def _print_try(form: ToolForm, number: int) -> None:
    verdict = form.form.verdict
    if form.mapped:
        _print_json(f"Lead {number} as the mapping reads it", form.mapped.content)
        if form.mapped.unmapped:
            names = ", ".join(show_text(name) for name in form.mapped.unmapped)
            console.print(f"no field of the mapping takes these answers; they become properties: {names}")
    if form.is_test:
        console.print("the tool says that this is a test: it would be counted, and not kept")
    if isinstance(verdict, EventRefusal):
        console.print(
            f"lead {number} would go to quarantine ({verdict.reason}): {verdict.detail}", highlight=False
        )
        return
    event = {name: value for name, value in verdict.row.items() if name not in ("position", "is_history")}
    _print_json(f"Lead {number} would be accepted, with this event", event)
    for change in verdict.changes:
        console.print(f"changed: {show_text(change.path)} ({change.what})", highlight=False)


def _print_json(title: str, content: object) -> None:
    console.print(f"{title}:", highlight=False)
    for line in json.dumps(content, ensure_ascii=False, indent=2).split("\n"):
        console.print(show_text(line), highlight=False, markup=False, soft_wrap=True)


@quarantine.command("list")
def list_forms(
    reason: ReasonFilter = "",
    state: StateFilter = "waiting",
    hours: HoursFilter = 0,
    limit: MaxEntries = 20,
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
        ("tool", form.tool or "our own contract"),
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
    change: SetOption = None,
    unset: UnsetOption = None,
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
    require_selection(ids, reason, everything, of="forms")
    _admit(ids, reason, vouched=False)


@quarantine.command()
def release(
    ids: Annotated[
        list[int] | None, typer.Argument(help="Numbers from `leadops forms quarantine list`.")
    ] = None,
    reason: Annotated[str, typer.Option(help="All forms with this reason, such as spam_links.")] = "",
) -> None:
    """Make leads of forms that look like spam and are a person's; each counts from when it came."""
    require_selection(ids, reason, everything=False, of="forms")
    _admit(ids, reason, vouched=True)


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


def _admit(ids: list[int] | None, reason: str, *, vouched: bool) -> None:
    config = read_config()
    with open_database() as connection:
        result = retry_quarantined_forms(
            connection,
            now=clock(),
            events=config.events,
            identity=config.identity,
            erased=ErasedFilter.of(os.environ),
            ids=ids or None,
            reason=reason or None,
            vouched=vouched,
        )
    console.print(
        f"{result.admitted} are leads now, {result.duplicates} were leads already,"
        f" {result.refused} are still refused"
    )


def _list(forms: list[QuarantinedForm]) -> Table:
    table = Table("number", "received (UTC)", "times", "secret", "reason", "what to change", title="Newest")
    for form in forms:
        received = f"{form.received_at:%Y-%m-%d %H:%M}"
        cells = [str(form.quarantine_id), received, str(form.times), str(form.secret), form.reason]
        table.add_row(*cells, show_detail(form.detail))
    return table

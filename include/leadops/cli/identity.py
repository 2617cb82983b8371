"""`leadops identity`: which identifiers belong to a lead, and what the guards stopped."""

import getpass
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console, print_json
from leadops.errors import PermanentError
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.identity.explain_identity import IdentityExplanation, explain_identity
from leadops.identity.find_lead import find_lead
from leadops.identity.mailboxes import MAILBOX
from leadops.identity.merge_people import KEPT
from leadops.identity.split_leads import split_leads
from leadops.identity.uncounted_leads import find_uncounted
from leadops.identity.violations import list_violations, settle_violations

app = typer.Typer(
    help="Which identifiers belong to a lead, and what the guards stopped.", no_args_is_help=True
)


@app.command()
def explain(
    lead: Annotated[str, typer.Argument(help="A lead_id or an email.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show each identifier of LEAD with the event or import that linked it, and those it does not own."""
    config = read_config()
    settings = config.identity
    with open_database() as connection:
        person = explain_identity(connection, lead, settings=settings)
        uncounted = find_uncounted(connection, person.lead_id)
    if as_json:
        print_json(asdict(person), default=lambda moment: moment.isoformat())
        return
    console.print(_draw(person))
    if person.merges:
        console.print(_draw_merges(person))
    if person.claims:
        console.print(_draw_claims(person))
    console.print(
        f"lead {person.lead_id}: {count(person.events, 'event')}, {person.email_kind or 'no'} email,"
        f" account {person.account or 'unknown'}"
        + (f", joined of leads {', '.join(map(str, person.leads))}" if len(person.leads) > 1 else "")
        + (f", counts for nothing ({uncounted.reason}, {uncounted.entry})" if uncounted else "")
        + (", only claimed: there is no proof of it" if person.only_claimed else "")
        + (f", {count(person.claims[0].claims, 'claim')}" if person.claims else "")
    )


@app.command()
def split(
    reason: Annotated[str, typer.Option("--reason", help="Why they are two people; kept on record.")],
    lead: Annotated[str | None, typer.Argument(help="The lead to separate, by lead_id or email.")] = None,
    merge: Annotated[int | None, typer.Option("--merge", help="Undo only this merge, by its number.")] = None,
    join: Annotated[
        bool, typer.Option("--join", help="Let leads merge that only LEAD stood between; default: never.")
    ] = False,
    by: Annotated[str | None, typer.Option("--by", help="Who says so; default: your login.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, write nothing.")
    ] = False,
) -> None:
    """Separate LEAD from the rest of its person, permanently. Scores and stages follow with the next run."""
    config = read_config()
    if (lead is None) == (merge is None):
        raise PermanentError("give the LEAD to separate or --merge NUMBER, not both")
    settings = config.identity
    with open_database() as connection:
        asked = None if lead is None else find_lead(connection, lead).lead_id
        connection.commit()
        result = split_leads(
            connection,
            settings=settings,
            reason=reason,
            by=by or getpass.getuser(),
            now=clock(),
            lead=asked,
            merge_id=merge,
            join=join,
            dry_run=dry_run,
        )
    parted, rest = (", ".join(map(str, leads)) for leads in (result.parted, result.rest))
    console.print(f"{'would split' if dry_run else 'split'} lead {parted} from lead {rest}")
    for lead_id, person in result.persons.items():
        console.print(f"lead {lead_id}: {'a person of its own' if person is None else f'lead {person}'}")
    for bond in result.kept:
        leads = f"lead {bond.lead} and lead {bond.other_lead}"
        console.print(f"{leads} stay one person; split one of them if only lead {bond.split_lead} tied them")
    for tie in (*result.apart, *result.joined):
        leads, seen_with = f"lead {tie.older} and lead {tie.younger}", f"{tie.kind} {tie.value}"
        if tie in result.joined:
            console.print(f"{leads} become one person: {seen_with} was seen with both")
        else:
            console.print(f"{leads} stay two people, although {seen_with} was seen with both; see --join")


@app.command()
def rebuild(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would change; exit with 0.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="List what would change; exit with 1 if anything would.")
    ] = False,
) -> None:
    """Rebuild leads, identifiers and merges from all events and compare them. Writes nothing."""
    config = read_config()
    if dry_run == verify:
        raise PermanentError("say --dry-run or --verify; a rebuild only compares")
    settings = config.identity
    with open_database() as connection:
        found = compare_rebuilt(connection, settings=settings)
    for what, leads in found.differences.items():
        console.print(f"{what}: lead {', '.join(map(str, leads))}")
    compared = (count(found.events, "event"), count(found.leads, "email"), count(found.merges, "merge"))
    console.print(f"{', '.join(compared)} compared")
    if found.differences and verify:
        raise PermanentError("the tables differ from what the events say; the leads are listed above")


@app.command()
def violations() -> None:
    """List guard findings that are not acknowledged yet."""
    with open_database() as connection:
        found = list_violations(connection)
    table = Table("guard", "kind", "value", "first event", "times", "last (UTC)")
    for each in found:
        last = f"{each.seen_at:%Y-%m-%d %H:%M}"
        table.add_row(each.guard, each.kind, each.value, str(each.event_seq), str(each.times), last)
    console.print(table if found else "the guards have stopped nothing new")


@app.command()
def settle() -> None:
    """Acknowledge guard findings and close their alert."""
    with open_database() as connection, connection.transaction():
        settled = settle_violations(connection, now=clock())
    console.print(f"{settled} settled")


def _draw(person: IdentityExplanation) -> Table:
    table = Table("identifier", "value", "whose", "proof", "event", "happened (UTC)", "event_id")
    for identifier in person.identifiers:
        whose = f"lead {identifier.lead_id}'s" + (
            f", seen with {identifier.other_leads} others" if identifier.other_leads else ""
        )
        event = "import" if identifier.is_imported else identifier.event or ""
        table.add_row(
            identifier.kind,
            identifier.value,
            whose,
            "import" if identifier.is_imported else identifier.proof or "",
            event,
            _show(identifier.ts),
            identifier.event_id or "",
        )
    for each in person.foreign_identifiers:
        whose = f"lead {each.lead_id}'s" if each.lead_id else "nobody's"
        table.add_row(each.kind, each.value, whose, "", each.event or "", _show(each.ts), each.event_id or "")
    return table


def _draw_claims(person: IdentityExplanation) -> Table:
    table = Table("claim (no proof)", "anonymous_id", "effect", "happened (UTC)", "event_id")
    for claim in person.claims:
        effect = "capped points" if claim.has_points else "none"
        table.add_row(claim.event, claim.anonymous_id or "", effect, _show(claim.ts), claim.event_id)
    return table


def _draw_merges(person: IdentityExplanation) -> Table:
    table = Table("merge", "older", "younger", "both emails seen with", "event", "happened (UTC)", "state")
    for each in person.merges:
        by = f" by {each.undone_by}" if each.undone_by else ""
        state = f"undone {_show(each.undone_at)}{by}: {each.undone_because}" if each.undone_at else "holds"
        seen_with = f"{each.kind} {each.value}"
        if each.kind == KEPT:
            seen_with = f"kept when lead {each.value} was split"
        table.add_row(
            str(each.merge_id),
            str(each.older),
            str(each.younger),
            seen_with,
            each.event or ("import" if each.kind == MAILBOX else ""),
            _show(each.ts),
            state,
        )
    return table


def _show(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""

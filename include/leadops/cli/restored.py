"""`leadops restored`: bring the database in line with the other systems after it went back in time."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from leadops.alerts.alert_message import doubt_open_messages, find_unknown_keys
from leadops.cli.context import clock, find_product, open_database, read_config, sleep
from leadops.cli.erasure_record import read_record
from leadops.cli.plural import count
from leadops.cli.slack import VARIABLE, open_chat
from leadops.cli.terminal import console
from leadops.db import Connection
from leadops.delivery.account_guard import holding_own_account
from leadops.delivery.adopt_crm_leads import (
    MAX_NAMED,
    CrmDifference,
    adopt_crm_leads,
    drop_owner_requests,
    find_crm_difference,
)
from leadops.delivery.database_mark import (
    Hold,
    end_hold,
    find_hold,
    find_installation_id,
    find_last_moment,
    hold_by_hand,
    open_mark,
)
from leadops.delivery.duplicates import forget_duplicates
from leadops.delivery.realign_ma import MaDifference, find_ma_difference, realign_ma
from leadops.erased.erasures import ErasedIdentifier, Erasure, compare_record
from leadops.errors import LeadopsError, PermanentError
from leadops.identity.new_leads import skip_lead_numbers
from leadops.incidents.alert_settings import AlertSettings
from leadops.products.crm_client import CrmClient
from leadops.products.product_client import ProductClient
from leadops.routing.notices import doubt_open_notices
from leadops.routing.record_assignments import adopt_owners
from leadops.settings import mark_folder

#: Calls of the lost time may still arrive: so long after the hold began, none does.
CALLS_ARRIVE = timedelta(minutes=1)


def restored(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the other systems have beyond the database, only.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(help="A copy of the record of erasures: says whether the database knows all of them."),
    ] = None,
) -> None:
    """Bring a database that went back in time in line with MA, CRM and Slack, and send again.

    Puts everything on hold, adopts the leads that are there, lets totals in the MA follow the ledger, and
    ends the hold. It may be interrupted, and run again. Before, replay the events that are lost, and erase
    again whoever was erased: with --record it ends where the database lacks an erasure.
    """
    config = read_config()
    saved = read_record(record) if record else None
    with (
        open_database() as connection,
        _open_clients() as (ma_client, crm_client),
        _holding_accounts(connection, ma_client, crm_client),
    ):
        hold = _find_hold(connection, opens=not dry_run)
        if hold:
            console.print(f"on hold since {hold.held_at:%Y-%m-%d %H:%M:%S} (UTC), {_explain(hold)}")
        else:
            console.print("no hold is open, and the database has what is remembered outside of it")
        _show_ma(find_ma_difference(connection, ma_client))
        crm_found = find_crm_difference(connection, crm_client) if crm_client is not None else None
        _show_crm(crm_found, is_asked=crm_client is not None)
        _show_slack(connection, config.alerts)
        knows_erased = _show_erasures(connection, record, saved)
        if record and not knows_erased and not dry_run:
            raise PermanentError(f"run `{_erase_again(record)}` first; until then everything stays on hold")
        if dry_run or hold is None:
            return
        wait = hold.held_at + CALLS_ARRIVE - clock()
        if wait > timedelta():
            console.print(f"waiting {wait.total_seconds():.0f} s for calls of the lost time to arrive …")
            sleep(wait.total_seconds())
        _mend(connection, hold, ma_client, crm_client)
    console.print(
        "done: everything is sent again. The next push aligns the totals; then `leadops audit` must agree"
    )


def _mend(connection: Connection, hold: Hold, ma_client: ProductClient, crm_client: CrmClient | None) -> None:
    """Do each step in a commit of its own; repeated, it changes nothing. The last one ends the hold."""
    found = realign_ma(connection, ma_client, now=clock())
    with connection.transaction():
        skip_lead_numbers(connection, until=found.highest_lead)
    adopted = adopt_crm_leads(connection, crm_client, now=clock()) if crm_client is not None else None
    if adopted is not None:
        with connection.transaction():
            owned = adopt_owners(connection, adopted.owners, now=clock())
            drop_owner_requests(connection, owned, now=clock())
        _list("leads whose owner in the CRM stays", len(owned), owned[:MAX_NAMED])
    with connection.transaction():
        doubt_open_messages(connection, before=hold.held_at)
        doubt_open_notices(connection, before=hold.held_at)
        forget_duplicates(connection)
        end_hold(connection, hold, now=clock())


@contextmanager
def _open_clients() -> Iterator[tuple[ProductClient, CrmClient | None]]:
    ma_client = ProductClient(find_product("ma"))
    with closing(ma_client.transport):
        if not os.environ.get("AIRFLOW_CONN_LEADOPS_CRM"):
            yield ma_client, None
            return
        with closing(CrmClient(find_product("crm"))) as crm_client:
            yield ma_client, crm_client


@contextmanager
def _holding_accounts(
    connection: Connection, ma_client: ProductClient, crm_client: CrmClient | None
) -> Iterator[None]:
    """Compare with no account but those whose ids the database has; raise OtherAccountError."""
    clients = {"ma": ma_client} | ({"crm": crm_client.client} if crm_client else {})
    with ExitStack() as accounts:
        for target, client in clients.items():
            accounts.enter_context(holding_own_account(connection, client, target=target, now=clock()))
        yield


def _find_hold(connection: Connection, *, opens: bool) -> Hold | None:
    mark = open_mark(mark_folder())
    if mark is not None:
        mark.check(connection, now=clock())
    with connection.transaction():
        return hold_by_hand(connection, now=clock()) if opens else find_hold(connection)


def _explain(hold: Hold) -> str:
    if hold.reason == "by hand":
        return "by hand"
    return f"its mark is {hold.facts['found']}, {hold.facts['remembered']} is remembered outside of it"


def _show_ma(found: MaDifference) -> None:
    console.print(f"MA: {count(found.leads, 'lead')}")
    _list("leads that the database does not know", found.unknown, found.unknown_ids)
    _list("leads of people we know, whose id there we do not", found.adopted)
    _list("leads ahead of the ledger", found.ahead)
    _list("points ahead of the ledger", found.points_ahead)
    _list("leads behind the ledger", found.behind)
    _list("points behind the ledger", found.points_behind)
    _list("leads that differ either way", found.ahead + found.behind, found.differing_leads)
    _list("calls under way, of which the outcome is unknown", found.under_way)


def _show_crm(found: CrmDifference | None, *, is_asked: bool) -> None:
    if found is None:
        why = "it cannot list its leads" if is_asked else "no connection leadops_crm"
        console.print(f"CRM: not compared, {why}")
        return
    console.print(f"CRM: {count(found.leads, 'lead')}")
    _list("leads that were requested, and whose id we do not know", found.by_key)
    _list("leads of people we know that the database does not know", found.of_known)
    _list("leads of people that the database does not know", found.of_unknown, found.unknown_ids)


def _show_slack(connection: Connection, settings: AlertSettings) -> None:
    if not os.environ.get(VARIABLE):
        console.print("Slack: not compared, no connection leadops_slack")
        return
    with connection.transaction():
        hold, installation = find_hold(connection), find_installation_id(connection)
        since = hold.lost_since if hold else find_last_moment(connection)
    try:
        chat = open_chat(settings)
        if not chat.can_edit or since is None:
            why = "nothing was ever sent" if chat.can_edit else "a webhook cannot read"
            console.print(f"Slack: not compared, {why}")
            return
        keys = [posted.payload.get("key", "") for posted in chat.list_posted(since=since)]
    except LeadopsError as error:
        console.print(f"Slack: not compared, {error}")
        return
    with connection.transaction():
        unknown = find_unknown_keys(connection, keys, installation=installation)
    console.print(f"Slack: {count(len(keys), 'message')} of ours since {since:%Y-%m-%d %H:%M:%S} (UTC)")
    _list("messages that the database does not know", len(unknown))


def _show_erasures(
    connection: Connection,
    record: Path | None,
    saved: tuple[list[Erasure], list[ErasedIdentifier]] | None,
) -> bool:
    """Say whether the database knows every erasure of `record`; return it, False where that is unknown.

    `saved` is what `record` holds.
    """
    if record is None or saved is None:
        console.print(
            "erasures: not compared; if somebody was erased after the backup, run"
            f" `{_erase_again('FILE')}` with the copy of the record",
            soft_wrap=True,
        )
        return False
    with connection.transaction():
        found = compare_record(connection, *saved)
    console.print(f"erasures: {found.saved} in {record}", soft_wrap=True)
    _list("erasures that the database does not know", found.unknown_here)
    _list("erasures that are not in this copy, which has to be written again", found.not_saved)
    if found.unknown_here:
        console.print(f"  to erase these people again: `{_erase_again(record)}`", soft_wrap=True)
    return not found.unknown_here


def _erase_again(record: Path | str) -> str:
    return f"leadops erase --again --record {record}"


def _list(what: str, number: int, examples: list[int] | list[str] | None = None) -> None:
    if number:
        shown = f", for example {', '.join(map(str, examples))}" if examples else ""
        console.print(f"  {what}: {number}{shown}", soft_wrap=True)

"""`leadops check ma|crm|slack|cdp`: asks a connection, line by line, whether leadops can work with it."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import typer
from slack_sdk import WebClient

from leadops.checkup.check_cdp import check_cdp
from leadops.checkup.check_crm_feed import check_feed, check_owners, read_users
from leadops.checkup.check_product import check_product
from leadops.checkup.check_quota import check_quota
from leadops.checkup.check_slack import check_slack
from leadops.checkup.trial_lead import try_lead
from leadops.cli.context import clock, find_product, open_database, read_config, sleep
from leadops.cli.slack import open_slack
from leadops.cli.terminal import print_lines
from leadops.configuration import Config
from leadops.crm.poll import FeedPosition, read_feed
from leadops.errors import ConfigError, TransientError
from leadops.products.check_line import CheckLine, CheckState
from leadops.products.crm_client import CrmClient
from leadops.products.product_client import ProductClient
from leadops.routing.team import make_team
from leadops.settings import endpoint

#: Columns of the first word of a line.
WIDTH = max(map(len, CheckState))

Write = Annotated[
    bool,
    typer.Option(
        "--write", help="Also make one test lead there, twice; score it, read it back and remove it."
    ),
]


def check_ma(write: Write = False) -> None:
    """Ask the MA whether leadops can work with it: the way, token, clock, fields, quota.

    Each line says ok, or what to change and where; the exit code is 1 where something has to change. Nothing
    is written, here or there, but for the test lead of --write.
    """
    _report(_check_target(read_config(), "ma", is_writing=write))


def check_crm(write: Write = False) -> None:
    """Ask the CRM whether leadops can work with it: as `check ma`, and feed and owners.

    Each line says ok, or what to change and where; the exit code is 1 where something has to change. Nothing
    is written, here or there, but for the test lead of --write.
    """
    config = read_config()

    def check() -> Iterator[CheckLine]:
        is_usable = True
        for line in _check_target(config, "crm", is_writing=write):
            yield line
            is_usable = is_usable and not (
                line.state is CheckState.CHANGE and line.subject in ("address", "reached", "token", "answer")
            )
        if is_usable:
            yield from _check_crm_feed(config)

    _report(check())


def check_slack_connection() -> None:
    """Ask Slack for the token's scopes and the channel; posts nothing. The exit code is as for `check ma`."""
    client, channel = open_slack(read_config().alerts)
    if isinstance(client, WebClient):
        _report(check_slack(client, channel, clock=clock))
        return
    _report(
        [
            CheckLine.note(
                "webhook",
                "an incoming webhook can only post: nothing can be checked before `leadops notify` posts",
            )
        ]
    )


def check_cdp_connection() -> None:
    """Ask the CDP for its lag, with its token. The exit code is as for `check ma`."""
    latest = read_config().alerts.cdp_lag_minutes
    _report(check_cdp(endpoint("cdp"), latest_minutes=latest, clock=clock))


def _check_target(config: Config, target: str, *, is_writing: bool) -> Iterator[CheckLine]:
    client = ProductClient(find_product(target, config))
    try:
        is_broken = False
        steps = config.nurture.list_places() if target == "ma" else []
        for line in check_product(client, target, clock=clock, steps=steps):
            yield line
            is_broken = is_broken or line.state is CheckState.CHANGE
        try:
            with open_database() as connection:
                connection.read_only = True
                yield from check_quota(
                    connection, client, target, config.delivery.find_target(target), now=clock()
                )
        except (ConfigError, TransientError) as error:
            yield CheckLine.note("quota", f"not compared with what waits: {error}")
        if is_writing and is_broken:
            yield CheckLine.note("test lead", "not made: change the above first")
        elif is_writing:
            yield from try_lead(client, target, now=clock(), sleep=sleep)
    finally:
        client.close()


def _check_crm_feed(config: Config) -> Iterator[CheckLine]:
    position = FeedPosition()
    with suppress(ConfigError, TransientError), open_database() as connection:
        connection.read_only = True
        position = read_feed(connection)
    client = CrmClient(find_product("crm", config), sleep=sleep)
    try:
        yield check_feed(
            client,
            cursor=position.cursor,
            overlap=config.feeds.crm.overlap,
            latest=timedelta(minutes=config.alerts.crm_feed_minutes),
            now=clock(),
        )
        users = read_users(client)
    finally:
        client.close()
    if isinstance(users, CheckLine):
        yield users
        return
    yield from check_owners(make_team(users, rules=config.routing, zone=config.company.zone))


def _report(lines: Iterable[CheckLine]) -> None:
    """Print each line as soon as it is known; exit with 1 where one says that something has to change."""
    is_fine = True
    for line in lines:
        print_lines(f"{line.state:<{WIDTH}}  {line.subject}: {line.text}")
        is_fine = is_fine and line.state is not CheckState.CHANGE
    if not is_fine:
        raise typer.Exit(1)

"""`leadops crm`: the words that the CRM uses, and which of them no setting names."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
import yaml
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console, print_json, print_lines
from leadops.lifecycle.crm_words import CrmWord, add_words, list_words, name_words
from leadops.lifecycle.frozen_quarters import read_frozen_contracts
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.rule_spans import list_rule_spans
from leadops.normalization.visible_text import show_text

app = typer.Typer(help="What the CRM says.", no_args_is_help=True)

#: Rows of a table; --json has all words.
MOST_WORDS = 50


@app.callback()
def crm() -> None:
    """What the CRM says."""


@app.command("words")
def words(
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, help="Count the activities of this many days; default: all."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="List words that settings name, too.")] = False,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Print a kpi.yaml that names the words; nothing is written.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List statuses, kinds of activity and salespeople of the CRM that no setting names, with their counts.

    --suggest prints kpi.yaml with the words that CRMs usually come with in the lists where they belong. Words
    whose meaning leadops does not know are comments at the end. Check each word before you use the file.
    """
    config, now = read_config(), clock()
    since = now - timedelta(days=days) if days else datetime.min.replace(tzinfo=UTC)
    with open_database() as connection:
        spans = list_rule_spans(config.kpi, read_frozen_contracts(connection))
        found = list_words(connection, name_words(spans, config.kpi.other_words), since=since)
    unnamed = [word for word in found if not word.is_named]
    if suggest:
        print_lines(_write_suggestion(config.kpi, unnamed))
        return
    shown = found if show_all else unnamed
    if as_json:
        print_json([word._asdict() for word in shown], default=str)
        return
    if not shown:
        console.print("every word of the CRM is named" if found else "the CRM has said nothing yet")
        return
    table = Table("field", "word")
    table.add_column("activities", justify="right")
    table.add_column("last")
    table.add_column("named")
    for word in shown[:MOST_WORDS]:
        last = f"{word.last_at.astimezone(config.company.zone):%Y-%m-%d}"
        named = "yes" if word.is_named else "no"
        table.add_row(word.field, word.word[:100], f"{word.activities:,}", last, named)
    console.print(table)
    if len(shown) > MOST_WORDS:
        console.print(f"and {count(len(shown) - MOST_WORDS, 'word')} more; --json lists all", highlight=False)


def _write_suggestion(contract: KpiContract, unnamed: list[CrmWord]) -> str:
    """Return kpi.yaml with the words whose meaning is known; the others are comments."""
    suggested, left = add_words(contract, unnamed)
    body = yaml.safe_dump(
        suggested.model_dump(mode="json"),
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=None,
        width=100,
    )
    lines = ["# Suggested by leadops crm words: check each word before you use it.", body.rstrip()]
    if left:
        lines.append("# No setting names these words; put each into its list above, or into other_words:")
    # As JSON a word stays on its line, whatever it holds.
    lines += [
        f"#   {word.field} {json.dumps(show_text(word.word[:100]), ensure_ascii=False)}:"
        f" {word.activities} activities"
        for word in left[:MOST_WORDS]
    ]
    if len(left) > MOST_WORDS:
        lines.append(f"#   and {count(len(left) - MOST_WORDS, 'word')} more")
    return "\n".join(lines)

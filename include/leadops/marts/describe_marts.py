"""Writes docs/marts.md from the contract: what is published, a table for each mart."""

from collections.abc import Iterator

from leadops.marts.mart_contract import History, Mart, MartContract

INTRODUCTION = """\
# Published tables

For analysts, BI and whoever builds on the data. leadops publishes the views below in the schema `mart`.
They keep a contract: [contract.yaml](../include/leadops/marts/contract.yaml), in
[dbt](https://docs.getdbt.com/reference/source-properties)'s format of sources, from which this page is
made (`make schema`). All other tables may change with every version.
[Why](decisions/0074-published-marts.md).

## How to read them

- **Two times.** `happened_at` is when something happened, `known_at` since when leadops has it on
  record. dbt calls them `event_time` and `loaded_at_field`. All times are UTC.
- **What was known before.** A view shows what is known now. Where a mart has versions,
  `mart.NAME_versions` shows every content that a row had: a correction, a merge, a split or a removal
  (`is_deleted`) is another row with the next `version`. What was known on a day is, of each key, the
  newest version with `known_at` up to then.
- **What changed since.** `change_number` of the versions, and `ledger_id` of the ledger, are in the
  order of commits. Remember the highest one that you have read, and read on from it: nothing that
  commits late is missed. `publish_changes` appends the versions; `refresh_funnel` runs it every day.
- **Who may read them.** The [role](database-roles.md) `reader` reads all of them but those marked as
  personal, the role `people` reads these too. Of personal data only the newest version is kept, and none
  after an erasure: then a version without it says that the row is gone.
- **Who reads them in leadops.** Funnel, attribution, economics, reports, thresholds, training and the page's
  figures, [with few exceptions](decisions/0088-readers-of-the-marts.md).

## What may change

A release may add marts and columns. What a reader would miss or misread (a mart or column that is gone,
another type, grain or key) is another mart, `NAME_v2`, which stands beside the old one for a release. A
test compares the contract with that of the last release, released_contract.yaml, and names each
breaking change.

## The marts

| mart | one row is | key | history | personal |
|---|---|---|---|---|
"""
HISTORIES = {
    History.VERSIONS: "versions",
    History.APPEND_ONLY: "rows are never changed",
    History.LIVE: "what is known now",
}


def describe_marts(contract: MartContract) -> str:
    """Return the whole page."""
    lines = [INTRODUCTION]
    for mart in contract.marts.values():
        meta = mart.meta
        cells = (
            f"[{mart.name}](#{mart.name.replace('.', '')})",
            meta.grain,
            ", ".join(f"`{column}`" for column in meta.key),
            HISTORIES[meta.history],
            "**yes**" if meta.personal else "no",
        )
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join([*lines, *(line for mart in contract.marts.values() for line in _describe(mart))])


def _describe(mart: Mart) -> Iterator[str]:
    yield f"\n### {mart.name}\n\n{mart.description}"
    if mart.meta.replaced_by:
        yield f" **Use `mart.{mart.meta.replaced_by}`: the next release is without this one.**"
    yield "\n\n| column | type | null | meaning |\n|---|---|---|---|\n"
    for column in mart.columns:
        null = "yes" if column.may_be_null else ""
        yield f"| `{column.name}` | {column.data_type} | {null} | {column.description} |\n"

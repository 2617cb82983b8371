"""Describes every table, view, function and trigger of a database on one short page of SQL."""

import re
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from leadops.db import Connection
from leadops.queries import Queries

WIDTH = 110
QUOTED = re.compile(r"('(?:[^']|'')*')")
LIST_OF_TEXTS = re.compile(r" = any \(array\[(.*?)\]\)")

queries = Queries(__file__)


@dataclass(frozen=True)
class ColumnDescription:
    """A column of a table or view as the catalogue has it."""

    schema_name: str
    relation_name: str
    is_view: bool
    column_name: str
    type_name: str
    is_required: bool
    is_identity: bool
    is_generated: bool
    expression: str | None

    @property
    def relation(self) -> tuple[str, str]:
        """The schema and the name of its table or view."""
        return self.schema_name, self.relation_name


@dataclass(frozen=True)
class PartDescription:
    """A constraint, an index, a trigger or a function as PostgreSQL writes it."""

    schema_name: str
    relation_name: str
    definition: str


def describe_schema(connection: Connection) -> str:
    """Return the database of `connection` as SQL: schemas and tables in the order of their creation.

    Of views the columns are listed, of functions the signatures; their bodies stand in the migrations.
    """
    columns = queries.all(connection, "list_columns", ColumnDescription)
    constraints = queries.all(connection, "list_constraints", PartDescription)
    indexes = queries.all(connection, "list_indexes", PartDescription)
    triggers = queries.all(connection, "list_triggers", PartDescription)
    functions = queries.all(connection, "list_functions", PartDescription)
    blocks = [
        "-- The whole database, as the migrations make it. `make schema` writes this file; do not edit it."
    ]
    for schema, of_schema in groupby(columns, key=lambda column: column.schema_name):
        blocks.append(f"create schema {schema};")
        for relation, of_relation in groupby(of_schema, key=lambda column: column.relation):
            listed = list(of_relation)
            if listed[0].is_view:
                blocks.append(_describe_view(relation, listed))
            else:
                blocks.append(
                    "\n".join(
                        [
                            _describe_table(relation, listed, _of(constraints, relation)),
                            *(f"{line};" for line in _of(indexes, relation)),
                            *(f"{line};" for line in _of(triggers, relation)),
                        ]
                    )
                )
        blocks.extend(
            _comment(f"function {_simplify(function.definition)}")
            for function in functions
            if function.schema_name == schema
        )
    return "\n\n".join(blocks) + "\n"


def _describe_table(
    relation: tuple[str, str], columns: list[ColumnDescription], constraints: list[str]
) -> str:
    lines = ",\n".join(f"    {line}" for line in [*map(_describe_column, columns), *constraints])
    return f"create table {'.'.join(relation)} (\n{lines}\n);"


def _describe_column(column: ColumnDescription) -> str:
    words = [column.column_name, _simplify(column.type_name)]
    if column.is_identity:
        return " ".join([*words, "generated always as identity"])
    if column.is_required:
        words.append("not null")
    if column.is_generated:
        words.append(f"generated always as ({column.expression}) stored")
    elif column.expression is not None:
        words.append(f"default {_simplify(column.expression)}")
    return " ".join(words)


def _describe_view(relation: tuple[str, str], columns: list[ColumnDescription]) -> str:
    listed = ", ".join(f"{column.column_name} {_simplify(column.type_name)}" for column in columns)
    return _comment(f"view {'.'.join(relation)} ({listed})")


def _comment(text: str) -> str:
    return "\n".join(
        wrap(text, WIDTH, initial_indent="-- ", subsequent_indent="--     ", break_long_words=False)
    )


def _of(parts: list[PartDescription], relation: tuple[str, str]) -> list[str]:
    return [
        _simplify(part.definition) for part in parts if (part.schema_name, part.relation_name) == relation
    ]


def _simplify(definition: str) -> str:
    """Return PostgreSQL's own wording in the project's: lower case, short types, `in` for lists."""
    pieces = QUOTED.split(definition)
    text = "".join(piece if index % 2 else piece.lower() for index, piece in enumerate(pieces))
    text = (
        text.replace("timestamp with time zone", "timestamptz")
        .replace("::text", "")
        .replace(" using btree", "")
    )
    return LIST_OF_TEXTS.sub(r" in (\1)", text)

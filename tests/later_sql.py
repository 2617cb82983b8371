"""What in a piece of SQL came after PostgreSQL 15, by its syntax tree and by name (postgres_features.py).

It does not know types: that `max()` takes bytes since 18 is seen only by `make test-postgres15`.
"""

import re
from collections.abc import Iterator
from typing import Any

import pglast
from pglast.enums import (
    AlterTableType,
    ConstrType,
    MergeMatchKind,
)
from pglast.visitors import Visitor

from .postgres_features import read_features
from .table_walls import number_parameters, parsable, queries_of

#: SQL/JSON beyond functions came with 16 (constructors, `is json`) and 17 (the rest).
JSON_NODES = {
    *("JsonAggConstructor", "JsonArrayAgg", "JsonArrayConstructor", "JsonArrayQueryConstructor"),
    *("JsonFuncExpr", "JsonIsPredicate", "JsonObjectAgg", "JsonObjectConstructor", "JsonParseExpr"),
    *("JsonScalarExpr", "JsonSerializeExpr", "JsonTable"),
}
#: Options of COPY since 16 and 17.
COPY_OPTIONS = {"default", "on_error", "log_verbosity", "reject_limit"}
#: `1_000`, `0xFF`, since 16; the scanner gives the text of each token.
NEW_NUMBER = re.compile(r"\d+_[\d_]+|0[xXoObB]\w+")


class _Finder(Visitor):  # type: ignore[misc]
    """Collects what is later than 15."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.columns: set[str] = set()
        self.aliases: set[str] = set()
        self.returned: set[str] = set()
        self.reads_catalogue = False

    def _name(self, feature: str) -> None:
        if feature in read_features():
            self.found.add(feature)

    def visit(self, _: Any, node: Any) -> None:
        name = type(node).__name__
        if name in JSON_NODES:
            self.found.add(name)

    def visit_FuncCall(self, _: Any, node: Any) -> None:
        names = [word.sval for word in node.funcname]
        if len(names) == 1 or names[0] == "pg_catalog":
            for count in (len(node.args or ()), "*"):
                self._name(f"function {names[-1]} {count}")

    def visit_TypeName(self, _: Any, node: Any) -> None:
        names = [word.sval for word in node.names or ()]
        if len(names) == 1 or names[:1] == ["pg_catalog"]:
            self._name(f"type {names[-1]}")

    def visit_RangeVar(self, _: Any, node: Any) -> None:
        if node.schemaname == "pg_catalog" or (not node.schemaname and node.relname.startswith("pg_")):
            self.reads_catalogue = True
            self._name(f"table {node.relname}")

    def visit_ColumnRef(self, _: Any, node: Any) -> None:
        last = node.fields[-1]
        if isinstance(last, pglast.ast.String):
            self.columns.add(last.sval)

    def visit_RangeSubselect(self, _: Any, node: Any) -> None:
        if node.alias is None:
            self.found.add("a subquery without a name")

    def visit_CreateStatsStmt(self, _: Any, node: Any) -> None:
        if not node.defnames:
            self.found.add("statistics without a name")

    def visit_ReturningClause(self, ancestors: Any, node: Any) -> None:
        if node.options:
            self.found.add("returning with")
        for result in node.exprs:
            fields = getattr(result.val, "fields", ())
            if len(fields) > 1 and fields[0].sval in ("old", "new"):
                self.returned.add(fields[0].sval)

    def visit_Alias(self, _: Any, node: Any) -> None:
        self.aliases.add(node.aliasname)

    def visit_MergeStmt(self, _: Any, node: Any) -> None:
        if node.returningClause:
            self.found.add("merge … returning")
        kinds = {clause.matchKind for clause in node.mergeWhenClauses}
        if MergeMatchKind.MERGE_WHEN_NOT_MATCHED_BY_SOURCE in kinds:
            self.found.add("merge … when not matched by source")

    def visit_CopyStmt(self, _: Any, node: Any) -> None:
        self.found |= {f"copy … {option.defname}" for option in node.options or ()} & {
            f"copy … {name}" for name in COPY_OPTIONS
        }

    def visit_Constraint(self, ancestors: Any, node: Any) -> None:
        if node.contype == ConstrType.CONSTR_GENERATED and node.generated_kind == "v":
            self.found.add("a virtual column")
        if node.contype == ConstrType.CONSTR_ATTR_NOT_ENFORCED or (
            node.contype in (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_FOREIGN) and not node.is_enforced
        ):
            self.found.add("not enforced")
        if node.without_overlaps or node.fk_with_period:
            self.found.add("a key over time")
        if node.contype == ConstrType.CONSTR_NOTNULL and node.keys:
            self.found.add("a constraint `not null`")

    def visit_AlterTableCmd(self, _: Any, node: Any) -> None:
        if node.subtype == AlterTableType.AT_SetExpression:
            self.found.add("set expression")


def find_later(script: str) -> set[str]:
    """Return what the statements of `script`, and the bodies of the functions that they make, have of it."""
    text = number_parameters(script)
    found = {
        f"the number {part}"
        for token in pglast.parser.scan(text)
        if NEW_NUMBER.fullmatch(part := text[token.start : token.end + 1])
    }
    for statement in pglast.parse_sql(text):
        finder = _Finder()
        finder(statement)
        if finder.reads_catalogue:
            finder.found |= {f"column {name}" for name in finder.columns} & read_features()
        found |= finder.found | {f"returning {name}" for name in finder.returned - finder.aliases}
    for body in _list_bodies(text):
        found |= find_later(body)
    return found


def _list_bodies(script: str) -> Iterator[str]:
    """Yield the SQL in the bodies of functions."""
    for text in pglast.split(script):
        statement = pglast.parse_sql(text)[0].stmt
        if isinstance(statement, pglast.ast.CreateFunctionStmt) and statement.sql_body is None:
            options = {option.defname: option.arg for option in statement.options or ()}
            if options["language"].sval == "sql":
                yield options["as"][0].sval
            else:
                for query in queries_of(pglast.parse_plpgsql(text)):
                    yield parsable(query)

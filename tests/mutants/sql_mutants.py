"""Mutants of one SQL statement, made in the tree of PostgreSQL's own parser.

A bound (< and <=, > and >=), a condition left out, `not` and `is null` turned round, the direction of a sort,
min and max, least and greatest, another percentile, `coalesce` without its last value.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pglast
from pglast import ast
from pglast.enums import A_Expr_Kind, BoolExprType, MinMaxOp, NullTestType, SortByDir
from pglast.stream import IndentedStream
from pglast.visitors import Visitor

from tests.mutants.mutant import changed_lines

PARAMETER = re.compile(r"%(?:\((\w+)\)s|%)")
BOUNDS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
EXTREMES = {"min": "max", "max": "min", "bool_and": "bool_or", "bool_or": "bool_and"}
PERCENTILES = ("percentile_cont", "percentile_disc")

Change = Callable[[], None]


def make_mutants(statement: str) -> Iterator[tuple[str, str]]:
    """Yield (the changed statement, its changed lines) for each mutant of a statement as psycopg takes it.

    Yields nothing for a statement that cannot be parsed or that is printed as something else.
    """
    try:
        text, names = number_parameters(statement)
        plain = _print(pglast.parse_sql(text))
        if pglast.fingerprint(plain) != pglast.fingerprint(text):
            return
    except (pglast.parser.ParseError, NotImplementedError):
        return
    for index in range(len(_find_changes(pglast.parse_sql(text)))):
        tree = pglast.parse_sql(text)
        _find_changes(tree)[index]()
        changed = _print(tree)
        diff = difflib.unified_diff(plain.splitlines(), changed.splitlines(), n=0, lineterm="")
        yield name_parameters(changed, names), name_parameters(changed_lines("\n".join(diff)), names)


def number_parameters(statement: str) -> tuple[str, list[str]]:
    """Return the statement with $1, $2 … for its parameters, and their names in that order."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if not match[1]:
            return "%"
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return PARAMETER.sub(number, statement), names


def name_parameters(statement: str, names: list[str]) -> str:
    """Undo `number_parameters`."""
    return re.sub(r"\$(\d+)", lambda match: f"%({names[int(match[1]) - 1]})s", statement.replace("%", "%%"))


def _print(tree: Any) -> str:
    return str(IndentedStream(comma_at_eoln=True)(tree[0].stmt))


def _find_changes(tree: Any) -> list[Change]:
    finder = _Finder()
    finder(tree)
    return finder.changes


class _Finder(Visitor):  # type: ignore[misc]
    """Collects one function for each change that can be made to the tree."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def _set(self, node: Any, attribute: str, value: Any) -> None:
        self.changes.append(lambda: setattr(node, attribute, value))

    def visit_A_Expr(self, _: Any, node: Any) -> None:
        if node.kind == A_Expr_Kind.AEXPR_OP and (other := BOUNDS.get(node.name[-1].sval)):
            self._set(node, "name", (ast.String(sval=other),))

    def visit_BoolExpr(self, _: Any, node: Any) -> None:
        if node.boolop == BoolExprType.NOT_EXPR:
            self._set(node, "boolop", BoolExprType.AND_EXPR)
            return
        for index in range(len(node.args)):
            self._set(node, "args", (*node.args[:index], *node.args[index + 1 :]))

    def visit_NullTest(self, _: Any, node: Any) -> None:
        is_null = node.nulltesttype == NullTestType.IS_NULL
        self._set(node, "nulltesttype", NullTestType.IS_NOT_NULL if is_null else NullTestType.IS_NULL)

    def visit_SelectStmt(self, _: Any, node: Any) -> None:
        if node.whereClause and not isinstance(node.whereClause, ast.BoolExpr):
            self._set(node, "whereClause", None)

    visit_UpdateStmt = visit_DeleteStmt = visit_SelectStmt

    def visit_SortBy(self, _: Any, node: Any) -> None:
        falls = node.sortby_dir == SortByDir.SORTBY_DESC
        self._set(node, "sortby_dir", SortByDir.SORTBY_ASC if falls else SortByDir.SORTBY_DESC)

    def visit_MinMaxExpr(self, _: Any, node: Any) -> None:
        greatest = node.op == MinMaxOp.IS_GREATEST
        self._set(node, "op", MinMaxOp.IS_LEAST if greatest else MinMaxOp.IS_GREATEST)

    def visit_CoalesceExpr(self, _: Any, node: Any) -> None:
        self._set(node, "args", node.args[:-1])

    def visit_FuncCall(self, _: Any, node: Any) -> None:
        name = node.funcname[-1].sval
        if other := EXTREMES.get(name):
            self._set(node, "funcname", (ast.String(sval=other),))
        if name in PERCENTILES:
            for constant in _find_fractions(node.args):
                value = float(constant.val.fval)
                self._set(
                    constant, "val", ast.Float(fval=f"{value - 0.05 if value > 0.5 else value + 0.1:.2f}")
                )


def _find_fractions(nodes: Any) -> list[Any]:
    class Fractions(Visitor):  # type: ignore[misc]
        found: list[Any] = []  # noqa: RUF012

        def visit_A_Const(self, _: Any, node: Any) -> None:
            if isinstance(node.val, ast.Float):
                self.found.append(node)

    fractions = Fractions()
    fractions.found = []
    for node in nodes:
        fractions(node)
    return fractions.found

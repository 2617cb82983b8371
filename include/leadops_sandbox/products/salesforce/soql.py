"""A part of SOQL: SELECT fields FROM object WHERE … ORDER BY … LIMIT … OFFSET …."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

Read = Callable[[str], Any]
Condition = Callable[[Read], bool]

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<day>\d{4}-\d\d-\d\d)|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)


class SoqlError(Exception):
    """A query that is not SOQL, or not of the part that is known here."""


class Query(NamedTuple):
    """A query: what to select, of what, in which order; `counts` for SELECT COUNT()."""

    fields: list[str]
    sobject: str
    condition: Condition
    named: frozenset[str]
    order: list[tuple[str, bool]]
    limit: int | None
    offset: int
    counts: bool


def parse_query(text: str) -> Query:
    """Return the query in `text`; raise SoqlError."""
    return _Parser(text).query()


def compare_key(value: object) -> tuple[int, Any]:
    """Return a value as something that sorts: nothing first, texts without case, ids by 15 characters."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (1, int(value))
    if isinstance(value, int | float):
        return (2, value)
    if isinstance(value, datetime):
        return (3, value.timestamp())
    if isinstance(value, date):
        return (4, value.isoformat())
    text = str(value)
    return (5, text[:15] if len(text) in (15, 18) and text[:1] == "0" else text.lower())


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            if (match := TOKEN.match(text, place)) is None:
                raise SoqlError(f"unexpected token: {text[place:].split()[0]}")
            self.tokens.append((str(match.lastgroup), str(match[str(match.lastgroup)])))
            place = match.end()
        self.named: set[str] = set()

    def query(self) -> Query:
        self.expect("select")
        counts, fields = False, []
        if self.peek() == "count":
            self.take()
            self.expect("(")
            self.expect(")")
            counts = True
        else:
            fields = self.names()
        self.expect("from")
        sobject = self.take()
        condition: Condition = _always
        if self.accept("where"):
            condition = self.either()
        order: list[tuple[str, bool]] = []
        if self.accept("order"):
            self.expect("by")
            order = self.order()
        limit = int(self.take()) if self.accept("limit") else None
        offset = int(self.take()) if self.accept("offset") else 0
        if self.tokens:
            raise SoqlError(f"unexpected token: {self.tokens[0][1]}")
        return Query(fields, sobject, condition, frozenset(self.named), order, limit, offset, counts)

    def either(self) -> Condition:
        """Read conditions joined by AND or by OR; the two do not mix without parentheses."""
        conditions = [self.one()]
        joint = self.peek() if self.peek() in ("and", "or") else ""
        while joint and self.accept(joint):
            conditions.append(self.one())
        if joint and self.peek() in ("and", "or"):
            raise SoqlError(f"unexpected token: {self.peek().upper()}")
        test = any if joint == "or" else all
        return lambda read: test(condition(read) for condition in conditions)

    def one(self) -> Condition:
        if self.accept("not"):
            negated = self.one()
            return lambda read: not negated(read)
        if self.accept("("):
            inner = self.either()
            self.expect(")")
            return inner
        name = self.take()
        self.named.add(name)
        negative = self.accept("not")
        sign = self.take().lower()
        if sign == "in":
            keys = [compare_key(value) for value in self.values()]
            return lambda read: (compare_key(read(name)) in keys) is not negative
        if sign == "like":
            pattern = re.escape(str(self.value())).replace("%", ".*").replace("_", ".")
            return lambda read: bool(re.fullmatch(pattern, str(read(name) or ""), re.IGNORECASE))
        if sign not in TESTS:
            raise SoqlError(f"unexpected token: {sign}")
        wanted, test = compare_key(self.value()), TESTS[sign]
        return lambda read: test(compare_key(read(name)), wanted)

    def order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            name = self.take()
            downwards = self.accept("desc")
            if not downwards:
                self.accept("asc")
            if self.accept("nulls"):
                self.take()
            order.append((name, downwards))
            if not self.accept(","):
                return order

    def names(self) -> list[str]:
        names = [self.take()]
        while self.accept(","):
            names.append(self.take())
        return names

    def values(self) -> list[Any]:
        self.expect("(")
        values = [self.value()]
        while self.accept(","):
            values.append(self.value())
        self.expect(")")
        return values

    def value(self) -> Any:
        if not self.tokens:
            raise SoqlError("unexpected token: <EOF>")
        kind, text = self.tokens.pop(0)
        match kind:
            case "text":
                return re.sub(r"\\(.)", r"\1", text[1:-1])
            case "moment":
                return datetime.fromisoformat(text).astimezone(UTC)
            case "day":
                return date.fromisoformat(text)
            case "number":
                return float(text)
        if text.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text.lower()]
        raise SoqlError(f"unexpected token: {text}")

    def peek(self) -> str:
        return self.tokens[0][1].lower() if self.tokens else ""

    def accept(self, word: str) -> bool:
        if self.peek() != word or self.tokens[0][0] == "text":
            return False
        self.tokens.pop(0)
        return True

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise SoqlError(f"expecting '{word}', found '{self.peek() or '<EOF>'}'")

    def take(self) -> str:
        if not self.tokens:
            raise SoqlError("unexpected token: <EOF>")
        return self.tokens.pop(0)[1]


def _always(_: Read) -> bool:
    return True


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: value[0] == wanted[0] != 0 and test(value, wanted)


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted),
    "!=": lambda value, wanted: bool(value != wanted),
    "<>": lambda value, wanted: bool(value != wanted),
    "<": _ordered(lambda value, wanted: bool(value < wanted)),
    "<=": _ordered(lambda value, wanted: bool(value <= wanted)),
    ">": _ordered(lambda value, wanted: bool(value > wanted)),
    ">=": _ordered(lambda value, wanted: bool(value >= wanted)),
}

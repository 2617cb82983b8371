"""Odoo's two ways in: JSON-RPC until version 18, JSON-2 since version 19. Both call methods of models."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.products.product_rows import Call

#: Stand in the stored body of a JSON-RPC call for the user's number and the key, which no table may hold.
PLACEHOLDERS = '"$user","$key"'

#: Archived leads, which are the lost ones, are leads; and words come in the language that the settings name.
CONTEXT = {"active_test": False, "lang": "en_US"}


@dataclass(frozen=True)
class OdooCalls:
    """Makes calls to the `database` of a connection, and takes the result out of an answer."""

    api: Literal["json-rpc", "json-2"]
    database: str

    def call(
        self,
        model: str,
        method: str,
        *,
        ids: list[int] | None = None,
        context: dict[str, Any] | None = None,
        **named: Any,
    ) -> Call:
        """Return the call of a method, on the records `ids` where it is one of records.

        `context` is added to CONTEXT.
        """
        named = {**named, "context": CONTEXT | (context or {})}
        if self.api == "json-2":
            body = ({} if ids is None else {"ids": ids}) | named
            headers = {"X-Odoo-Database": self.database} if self.database else {}
            return Call("POST", f"/json/2/{model}/{method}", _write(body), headers=headers)
        target = _write([self.database])[1:-1]
        rest = _write([model, method, [] if ids is None else [ids], named])[1:-1]
        parameters = f'{{"service":"object","method":"execute_kw","args":[{target},{PLACEHOLDERS},{rest}]}}'
        return Call("POST", "/jsonrpc", f'{{"jsonrpc":"2.0","method":"call","params":{parameters}}}')

    def search(
        self, model: str, domain: list[Any], fields: list[str], *, order: str, limit: int | None = None
    ) -> Call:
        """Return the call that reads `fields` of the records of a domain."""
        return self.call(model, "search_read", domain=domain, fields=fields, order=order, limit=limit)


def fill_placeholders(body: str, token: str) -> str:
    """Return the body of a JSON-RPC call with the user's number and the key of `token` in it."""
    return body.replace(PLACEHOLDERS, token, 1)


def take_result(body: Any) -> Any:
    """Return what the method returned; None where JSON-RPC says nothing, as for None."""
    return body.get("result") if isinstance(body, dict) and "jsonrpc" in body else body


def read_rows(body: Any, what: str) -> list[dict[str, Any]]:
    """Return the records of a search; raise AnswerShapeError, which names `what`, for anything else."""
    rows = take_result(body)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise AnswerShapeError(f"{what}: the answer is not a list of records")
    return rows


def read_link(value: Any) -> tuple[int, str] | None:
    """Return the id and the name of a many2one; None where it is empty."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], int):
        return value[0], str(value[1])
    return None


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

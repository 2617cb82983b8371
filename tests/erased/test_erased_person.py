"""Identifiers in texts: found as whole words however JSON writes them, and never within others."""

import pytest

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson, PersonIdentifier

pytestmark = pytest.mark.uncommitted

PERSON = ErasedPerson(
    [7],
    (
        PersonIdentifier("email", "jörg@firma.example"),
        PersonIdentifier("crm_id", "L-1001"),
        PersonIdentifier("ma_id", "48211"),
        PersonIdentifier("user_id", "u1"),
    ),
)


@pytest.mark.parametrize(
    ("text", "cleared"),
    [
        ("to jörg@firma.example, again", "to [erased], again"),
        (r'{"to": "j\u00f6rg@firma.example"}', '{"to": "[erased]"}'),
        ("JÖRG@FIRMA.EXAMPLE", "[erased]"),
        ("xjörg@firma.example", "xjörg@firma.example"),
        ("L-1001 and L-10012", "[erased] and L-10012"),
        ('{"id": "48211", "value": 48211}', '{"id": "[erased]", "value": 48211}'),
        ("u1 is too short", "u1 is too short"),
    ],
)
def test_python_and_the_database_clear_a_text_alike(connection: Connection, text: str, cleared: str) -> None:
    assert PERSON.clear(text) == cleared
    query = "select regexp_replace(%s, %s, '[erased]', 'gi')"
    assert connection.execute(query, [text, PERSON.pattern]).fetchone() == (cleared,)


def test_a_person_without_identifiers_clears_nothing(connection: Connection) -> None:
    nobody = ErasedPerson([7], ())
    assert nobody.clear("a text") == "a text"
    assert connection.execute("select 'a text' ~* %s", [nobody.pattern]).fetchone() == (False,)

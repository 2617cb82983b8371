import asyncio

import psycopg

from leadops.intake.form_hashes import hash_person, hash_submission, read_hash_key

KEY = b"k" * 16


def test_the_hashes_never_change_because_kept_forms_are_known_by_them() -> None:
    # printf 'sender:"s-1"' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkk, its first 40 digits; and so on.
    assert hash_submission(KEY, {"submission_id": "s-1"}) == "443bbe42a8fd7e156a7436d3973e4b477f79fee7"
    assert (
        hash_submission(KEY, {"form": "x", "email": "a@b.example"})
        == "e63eb0d4ae87f74f4c034b1c02652190a368428f"
    )
    assert hash_person(KEY, "a@b.example") == "f882ac34ca20f4d88ed32116628dd47b4711678d"


def test_each_database_has_a_key_that_stays(database_url: str) -> None:
    async def read_twice() -> tuple[bytes, bytes]:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            return await read_hash_key(connection), await read_hash_key(connection)

    first, second = asyncio.run(read_twice())
    assert first == second
    assert len(first) >= 16


def test_a_senders_id_is_the_whole_identity() -> None:
    one = hash_submission(KEY, {"submission_id": "s-1", "email": "a@b.example"})
    assert one == hash_submission(KEY, {"submission_id": "s-1", "email": "other@b.example"})
    assert one != hash_submission(KEY, {"submission_id": "s-2", "email": "a@b.example"})
    assert len(one) == 40


def test_without_it_the_content_is_whatever_its_order() -> None:
    one = hash_submission(KEY, {"email": "a@b.example", "form": "x"})
    assert one == hash_submission(KEY, {"form": "x", "email": "a@b.example"})
    assert one != hash_submission(KEY, {"form": "y", "email": "a@b.example"})


def test_a_senders_id_and_a_content_never_collide() -> None:
    assert hash_submission(KEY, {"submission_id": "s-1"}) != hash_submission(KEY, {"a": "s-1"})


def test_lone_surrogates_can_be_hashed() -> None:
    assert len(hash_submission(KEY, {"email": "\ud800"})) == 40


def test_a_person_is_one_name_per_key_and_differs_from_a_submission() -> None:
    person = hash_person(KEY, "ann@buyers.example")
    assert person == hash_person(KEY, "ann@buyers.example")
    assert person != hash_person(b"l" * 16, "ann@buyers.example")
    assert person != hash_person(KEY, "bob@buyers.example")
    assert "ann" not in person
    assert person != hash_submission(KEY, {"submission_id": "ann@buyers.example"})

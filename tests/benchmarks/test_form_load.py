import asyncio

import psycopg
import pytest
from fastapi import FastAPI, HTTPException

from benchmarks.bare_endpoint import create_app
from benchmarks.form_load import send_flat_out, send_paced
from leadops.gateway.serve import serve_in_thread


def count_forms(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select count(*) from bare_forms").fetchone()
    assert row
    return int(row[0])


def test_every_paced_form_is_taken_once_and_timed(database_url: str) -> None:
    with serve_in_thread(create_app(database_url)) as url:
        accepted = asyncio.run(
            send_paced(f"{url}/form", address=lambda n: f"{n}@x.example", rate=100, seconds=0.5)
        )
    assert sorted(form.email for form in accepted) == sorted(f"{n}@x.example" for n in range(50))
    assert all(form.seconds > 0 for form in accepted)
    assert count_forms(database_url) == 50


def test_flat_out_counts_what_was_taken(database_url: str) -> None:
    with serve_in_thread(create_app(database_url)) as url:
        rate = asyncio.run(send_flat_out(f"{url}/form", address=lambda n: f"{n}@x.example", seconds=0.3))
    assert count_forms(database_url) >= rate * 0.3 > 0


def test_a_form_that_is_not_taken_ends_the_measurement() -> None:
    app = FastAPI()

    @app.post("/form")
    def refuse() -> None:
        raise HTTPException(503)

    with serve_in_thread(app) as url, pytest.raises(RuntimeError, match="not taken"):
        asyncio.run(send_flat_out(f"{url}/form", address=lambda _: "a@x.example", seconds=0.3))

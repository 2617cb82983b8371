"""What an endpoint costs at least: FastAPI, one row in one transaction, nothing checked or sent."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

TABLES = """
create table if not exists bare_forms (id bigint generated always as identity, body jsonb not null);
create table if not exists bare_events (id bigint generated always as identity, body jsonb not null);
"""


class Form(BaseModel):
    """Any form with an address."""

    email: str
    properties: dict[str, Any] = {}


class Event(BaseModel):
    """Any event of a visitor."""

    event_id: str
    event: str
    ts: str
    anonymous_id: str
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}


def create_app(database_url: str) -> FastAPI:
    """Return the endpoint, written as FastAPI's and psycopg's own documentation do it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncConnectionPool(database_url, min_size=2, max_size=10, open=False) as pool:
            async with pool.connection() as connection:
                await connection.execute(TABLES)
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/form", status_code=202)
    async def take(form: Form) -> dict[str, int]:
        async with app.state.pool.connection() as connection:
            cursor = await connection.execute(
                "insert into bare_forms (body) values (%s) returning id", [Jsonb(form.model_dump())]
            )
            row = await cursor.fetchone()
        return {"id": row[0]}

    @app.post("/event", status_code=202)
    async def take_event(event: Event) -> dict[str, int]:
        async with app.state.pool.connection() as connection:
            cursor = await connection.execute(
                "insert into bare_events (body) values (%s) returning id", [Jsonb(event.model_dump())]
            )
            row = await cursor.fetchone()
        return {"id": row[0]}

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    given = parser.parse_args()
    uvicorn.run(create_app(given.database), port=given.port, log_level="warning", access_log=False)

"""What goes wrong on a page, as problem documents that say what to change."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from leadops.dashboard.page_database import STATEMENT_SECONDS
from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.gateway.problems import ProblemError, show_problem

#: Seconds after which a page tries again.
RETRY = {"Retry-After": "5"}

Handler = Callable[[Request, Exception], Awaitable[Response]]


def add_problem_handlers(app: FastAPI) -> None:
    """Let `app` answer with a problem document whatever a route raises."""
    handlers: dict[type[Exception], Handler] = {
        ProblemError: show_problem,
        HTTPException: _show_http_error,
        RequestValidationError: _show_invalid,
        psycopg.Error: _show_database_error,
        ConfigError: _show_config_error,
        PermanentError: _show_permanent,
        TransientError: _show_transient,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)


async def _show_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = "There is nothing at this address; start at the page Now."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not allowed here: the pages only read, so use GET."
    else:
        detail = HTTPStatus(error.status_code).phrase
    return ProblemError(error.status_code, detail, error.headers).response()


async def _show_invalid(_: Request, error: Exception) -> Response:
    """Name each wrong parameter; its value is not repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    faults = [f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()]
    return ProblemError(422, "; ".join(faults)).response()


async def _show_database_error(_: Request, error: Exception) -> Response:
    match error:
        case psycopg.errors.QueryCanceled():
            detail = f"The reading took longer than {STATEMENT_SECONDS} s. Choose a shorter period."
        case psycopg.DataError():
            return ProblemError(422, "The database cannot hold a value of this request.").response()
        case psycopg.errors.InsufficientPrivilege():
            detail = "The role of the page lacks a right. Run `leadops migrate --roles`."
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn():
            detail = "The database is older than this page. Run `leadops migrate`."
        case PoolTimeout():
            detail = "The database does not answer, or too many pages are read at once."
        case psycopg.OperationalError() | psycopg.InterfaceError():
            detail = f"The database does not answer ({type(error).__name__})."
        case _:
            return ProblemError(500, f"The database refused the reading ({type(error).__name__}).").response()
    return ProblemError(503, detail, RETRY).response()


async def _show_config_error(_: Request, error: Exception) -> Response:
    return ProblemError(503, f"The settings cannot be used: {error}", RETRY).response()


async def _show_permanent(_: Request, error: Exception) -> Response:
    return ProblemError(422, str(error)).response()


async def _show_transient(_: Request, error: Exception) -> Response:
    return ProblemError(503, str(error), RETRY).response()

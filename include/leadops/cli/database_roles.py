"""The URLs of the database's roles in the environment."""

from collections.abc import Mapping

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from leadops.errors import ConfigError
from leadops.migrations.rights import Part
from leadops.migrations.roles import DatabaseRole
from leadops.settings import DATABASE_URL, GATEWAY_URL, OWNER_URL, PAGE_URL, PEOPLE_URL, READER_URL

#: The variable with the URL of each part.
VARIABLES = {
    Part.TASKS: DATABASE_URL,
    Part.GATEWAY: GATEWAY_URL,
    Part.READER: READER_URL,
    Part.PAGE: PAGE_URL,
    Part.PEOPLE: PEOPLE_URL,
}


def read_roles(environ: Mapping[str, str]) -> list[DatabaseRole]:
    """Return the role of each part whose URL is set, as the URL names it and its password.

    Raises ConfigError where the owner, the tasks or the gateway have no URL of their own, where a URL is none
    or names no user, and where two name the same.
    """
    missing = [name for name in (OWNER_URL, DATABASE_URL, GATEWAY_URL) if not environ.get(name)]
    if missing:
        raise ConfigError(f"{missing[0]} is not set; each part needs a URL with a user of its own")
    owner = _read_user(OWNER_URL, environ[OWNER_URL])
    roles = [
        DatabaseRole(part, *_read_user(variable, environ[variable]))
        for part, variable in VARIABLES.items()
        if environ.get(variable)
    ]
    names = [owner[0], *(role.name for role in roles)]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two URLs of the database name the user {name}; give each part its own")
    return roles


def _read_user(variable: str, url: str) -> tuple[str, str]:
    try:
        fields = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ConfigError(f"{variable} is not a libpq URL") from error
    if not fields.get("user"):
        raise ConfigError(f"{variable} names no user")
    return str(fields["user"]), str(fields.get("password") or "")

"""The files that the pages load, under an address that changes with their content."""

from collections.abc import MutableMapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent
STATIC, TEXTS = HERE / "static", HERE / "texts"


class KeptFiles(StaticFiles):
    """Files that a browser keeps: another content has another address."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        """Return a file, for this browser alone to keep."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return response


def hash_files() -> str:
    """Return a short hash of all files and their names."""
    digest = sha256()
    for path in sorted(path for folder in (STATIC, TEXTS) for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(HERE)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def mount_files(app: FastAPI) -> str:
    """Let `app` serve the files; return the path of their folder, without a slash at the end."""
    folder = f"/static/{hash_files()}"
    app.mount(f"{folder}/texts", KeptFiles(directory=TEXTS))
    app.mount(folder, KeptFiles(directory=STATIC))
    return folder

"""GET /leadops.js: the script that web sites include, see docs/tracking.md."""

import gzip
import re
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from leadops.gateway.openapi import describe_answer

router = APIRouter()

#: Seconds for which browsers and caches may use the script without asking again.
MAX_AGE = 3600


def shorten(source: str) -> str:
    """Return the script without indentation and the lines that are comments, so that it is small to load."""
    return re.sub(r"^\s*(//.*\n)?", "", source, flags=re.MULTILINE)


SCRIPT = shorten(files("leadops.gateway").joinpath("leadops.js").read_text(encoding="utf-8")).encode()
PACKED = gzip.compress(SCRIPT, mtime=0)
#: Weak, because the packed and the plain form are the same script.
ETAG = f'W/"{sha256(SCRIPT).hexdigest()[:32]}"'
HEADERS = {
    "Cache-Control": f"public, max-age={MAX_AGE}",
    "ETag": ETAG,
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    # Pages that isolate themselves (Cross-Origin-Embedder-Policy) may load it too.
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@router.head("/leadops.js", include_in_schema=False)
@router.get(
    "/leadops.js",
    response_class=Response,
    responses=describe_answer(200, "The script", "text/javascript") | {304: {"description": "Not modified"}},
)
async def show_script(request: Request) -> Response:
    """Return the script, packed if the client accepts that; 304 if it has this version already."""
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if known & {ETAG.removeprefix("W/"), "*"}:
        return Response(status_code=304, headers=HEADERS)
    packed = _takes_gzip(request.headers.get("accept-encoding", ""))
    headers = HEADERS | ({"Content-Encoding": "gzip"} if packed else {})
    return Response(PACKED if packed else SCRIPT, headers=headers, media_type="text/javascript")


def _takes_gzip(accepted: str) -> bool:
    return bool(re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", accepted.lower()))

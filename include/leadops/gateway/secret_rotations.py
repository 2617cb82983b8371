"""GET /metrics/secrets: whether anybody still uses a secret that is being replaced."""

import json

from fastapi import APIRouter, Request, Response

from leadops.gateway.gateway_state import gateway_of
from leadops.gateway.metrics import check_metrics_token
from leadops.gateway.openapi import TOKEN_OPENAPI, describe_answer, describe_problems

router = APIRouter()


@router.get(
    "/metrics/secrets",
    response_class=Response,
    responses=describe_answer(200, "The rotations", "application/json", {"rotations": {"type": "array"}})
    | describe_problems(401),
    openapi_extra=TOKEN_OPENAPI,
)
async def rotations(request: Request) -> Response:
    """Answer {"rotations": [{"variable", "old_used_at"}]}: each variable that holds two secrets.

    `old_used_at` (UTC) is when the second one was last used, null: not since this gateway started.
    """
    gateway = gateway_of(request)
    check_metrics_token(request, gateway)
    listed = [
        {
            "variable": rotation.variable,
            "old_used_at": rotation.old_used_at and rotation.old_used_at.isoformat(),
        }
        for rotation in gateway.secrets.list_rotations()
    ]
    return Response(json.dumps({"rotations": listed}), media_type="application/json")

"""How middleware refuses: with a problem like any route, and a WebSocket by closing it before it is accepted."""

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from tenuto.api.errors import problem


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    code: str,
    detail: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": code})
        return
    request_id = str(scope.get("state", {}).get("request_id", ""))
    await problem(request_id, code, detail, hint=hint, headers=headers)(scope, receive, send)

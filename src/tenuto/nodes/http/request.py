"""`http.request`: one request, judged by its status.

A status from 400 on fails the node with type `http` unless `ok` names it; 408, 429, 5xx and connection errors are worth a
retry, and `Retry-After` is honoured. Requests that may change something carry the node's idempotency key.
"""

from typing import Any, TypedDict, cast

from tenuto.sdk import Context, FileRef, NodeError, node
from tenuto.sdk.http import Response

LONGEST_SECONDS = 600
MOST_REDIRECTS = 5


class Answer(TypedDict):
    """`headers` have lower-case names. `body`: parsed if it is JSON, text if it is text, otherwise `{"$file": ...}`."""

    status: int
    headers: dict[str, str]
    body: Any


@node("http.request")
async def request(  # noqa: D417  `ctx` is no input
    url: str,
    method: str = "GET",
    headers: dict[str, str | int | float | bool] | None = None,
    query: dict[str, Any] | None = None,
    body: Any = None,
    ok: list[int] | int | None = None,
    timeout: float = 30,  # noqa: ASYNC109  seconds for the whole request, as the form shows it
    redirects: int = MOST_REDIRECTS,
    *,
    ctx: Context,
) -> Answer:
    """Ask a web service. Fails on a status from 400 on, unless `ok` names it.

    Args:
        url: http:// or https://, without user and password.
        method: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.
        headers: Headers to send, by name.
        query: Added to the URL; a list repeats its key, null leaves it out.
        body: Text is sent as it is, a file reference as its content, anything else as JSON.
        ok: Statuses from 400 on that are no failure: one, or a list.
        timeout: Seconds for the whole request, at most 600.
        redirects: How many redirects to follow, at most 5; 0 answers with the redirect itself.
    """
    if not 0 < timeout <= LONGEST_SECONDS:
        raise NodeError(
            f"`timeout` is {timeout:g}, it must be above 0 and at most {LONGEST_SECONDS}", type="input", retry=False
        )
    if not 0 <= redirects <= MOST_REDIRECTS:
        raise NodeError(f"`redirects` is {redirects}, it must be from 0 to {MOST_REDIRECTS}", type="input", retry=False)
    options, sent = await _sent(body, _headers(headers or {}), ctx)
    response = await ctx.http.request(
        method, url, query=query, timeout=timeout, redirects=redirects, headers=sent, **options
    )
    response.raise_for_status([ok] if isinstance(ok, int) else ok or ())
    return {"status": response.status, "headers": dict(response.headers), "body": await _body(response, ctx)}


def _headers(given: dict[str, str | int | float | bool]) -> dict[str, str]:
    """Numbers and booleans as YAML writes them."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}


async def _sent(body: Any, headers: dict[str, str], ctx: Context) -> tuple[dict[str, Any], dict[str, str]]:
    """The body as the client takes it, and the headers with the type of a file."""
    if body is None:
        return {}, headers
    if isinstance(body, str):
        return {"content": body}, headers
    if isinstance(body, dict) and "$file" in body:
        file = cast("FileRef", body)
        named = any(name.lower() == "content-type" for name in headers)
        media_type = str(file.get("media_type") or "application/octet-stream")
        return {"content": await ctx.files.get(file)}, headers if named else {**headers, "Content-Type": media_type}
    return {"json": body}, headers


async def _body(response: Response, ctx: Context) -> Any:
    if not response.content:
        return None
    if response.is_json:
        return response.json()
    if response.is_text:
        return response.text
    name = response.url.partition("?")[0].rpartition("/")[2] or "body"
    return await ctx.files.put(response.content, name=name, media_type=response.media_type)

"""`image.generate`: one picture from a service that speaks OpenAI's `/images/generations`. It costs money, so it is asked at
most once.

Secrets of the tenant say where and as whom: `image_api_key` (or `openai_api_key`), and `image_api_url` if it is not OpenAI's.
Who writes a flow or an agent chooses neither, so no key goes to an address that somebody made up.
"""

import base64
import binascii
from typing import Any, Literal, TypedDict, cast

from tenuto.sdk import Context, FileRef, NodeError, node

OPENAI = "https://api.openai.com/v1"
LONGEST_PROMPT = 32_000
Size = Literal["1024x1024", "1536x1024", "1024x1536", "auto"]


class Picture(TypedDict):
    """`prompt`: as the service understood it, where it says so."""

    image: FileRef
    prompt: str
    model: str


@node("image.generate", effects="once", secrets=["image_api_key", "openai_api_key", "image_api_url"], timeout=300)
async def generate(  # noqa: D417  `ctx` is no input
    prompt: str,
    size: Size = "1024x1024",
    model: str = "gpt-image-1",
    name: str = "picture.png",
    *,
    ctx: Context,
) -> Picture:
    """Have one picture made. It costs money.

    Args:
        prompt: What is to be seen: subject, surroundings, composition, light, colours, medium.
        size: Width and height.
        model: The model of the service.
        name: What the file is called.
    """
    if not prompt.strip() or len(prompt) > LONGEST_PROMPT:
        raise NodeError(f"`prompt` has 1 to {LONGEST_PROMPT:,} characters", type="input", retry=False)
    response = await ctx.http.post(
        f"{_url(ctx).rstrip('/')}/images/generations",
        json={"prompt": prompt, "size": size, "model": model, "n": 1},
        headers={"Authorization": f"Bearer {_key(ctx)}"},
        timeout=280,
    )
    response.raise_for_status()
    made = _first(response.json())
    content, media_type = await _content(made, ctx)
    image = await ctx.files.put(content, name=name, media_type=media_type)
    return {"image": image, "prompt": str(made.get("revised_prompt") or prompt), "model": model}


def _url(ctx: Context) -> str:
    try:
        return ctx.secret("image_api_url")
    except NodeError:
        return OPENAI


def _key(ctx: Context) -> str:
    try:
        return ctx.secret("image_api_key")
    except NodeError:
        if _url(ctx) != OPENAI:
            raise
    return ctx.secret("openai_api_key")


def _first(answer: Any) -> dict[str, Any]:
    found = cast("dict[str, Any]", answer).get("data") if isinstance(answer, dict) else None
    first = cast("list[Any]", found)[0] if isinstance(found, list) and found else None
    if not isinstance(first, dict):
        raise _odd("no picture")
    return cast("dict[str, Any]", first)


async def _content(made: dict[str, Any], ctx: Context) -> tuple[bytes, str]:
    """The picture itself, which comes in the answer or lies at an address."""
    encoded, url = made.get("b64_json"), made.get("url")
    if isinstance(encoded, str):
        try:
            content = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise _odd("a picture that cannot be decoded") from None
        return content, _kind(content)
    if not isinstance(url, str):
        raise _odd("no picture")
    response = await ctx.http.get(url)
    response.raise_for_status()
    return response.content, _kind(response.content)


def _kind(content: bytes) -> str:
    kinds = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
    for beginning, kind in kinds.items():
        if content.startswith(beginning):
            return kind
    raise _odd("something that is no picture")


def _odd(what: str) -> NodeError:
    return NodeError(f"the image service answered with {what}", type="http", retry=False)

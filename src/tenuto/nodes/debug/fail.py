"""`debug.fail`: a node that goes wrong as one wishes."""

from typing import Never

from tenuto.sdk import NodeError, node


@node("debug.fail")
async def fail(
    message: str = "failed on purpose",
    *,
    type: str = "error",  # noqa: A002  the word of the flow document
    retry: bool = True,
) -> Never:
    """Fail. For trying out error ports and retries.

    Args:
        message: What the error says.
        type: The type of the error, as `retry.on` and `error.type` read it.
        retry: Whether another attempt may help.
    """
    raise NodeError(message, type=type, retry=retry)

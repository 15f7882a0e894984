"""What comes out of a node besides its value: what it cost, and what an exception says."""

from typing import Any, cast


def usage_of(output: Any) -> dict[str, float] | None:
    """What a result says it cost: `usage: {usd, tokens}`."""
    usage = cast("dict[str, Any]", output).get("usage") if type(output) is dict else None
    if type(usage) is not dict:
        return None
    told = cast("dict[str, Any]", usage)
    return {unit: float(told[unit]) for unit in ("usd", "tokens") if type(told.get(unit)) in {int, float}} or None


def message_of(error: BaseException) -> str:
    """What an exception says, in one line that a journal can keep; its kind where it says nothing, or cannot."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001  an exception whose `__str__` raises is still only an exception
        text = ""
    text = " ".join(text.split()) or type(error).__name__
    return text.encode("utf-8", "backslashreplace").decode()

"""What a graph answers, as the JSON that a flow goes on with: messages in the words of agents, the rest as it is."""

from collections.abc import Mapping
from typing import Any, Final, cast

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

_ROLES: Final = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}


def shown(value: Any) -> Any:
    """Lists and objects are walked through; what else there is the host makes JSON, or refuses in a sentence."""
    if isinstance(value, BaseMessage):
        return _message(value)
    if isinstance(value, Mapping):
        return {key: shown(member) for key, member in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [shown(member) for member in cast("list[Any]", value)]
    return value


def _message(message: BaseMessage) -> dict[str, Any]:
    said: dict[str, Any] = {"role": _ROLES.get(message.type, message.type), "content": cast("Any", message.content)}
    if isinstance(message, AIMessage) and message.tool_calls:
        said["tool_calls"] = [
            {"id": call["id"] or "", "name": call["name"], "arguments": call["args"]} for call in message.tool_calls
        ]
    if isinstance(message, ToolMessage):
        said["tool_call_id"] = message.tool_call_id
    return said

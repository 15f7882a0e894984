"""Our words in LangChain's, and back."""

from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage

from tenuto.agents.langgraph.translate import from_langchain, our_answer, to_langchain
from tenuto.sdk.agents import Message, ModelSpec

CLAUDE = ModelSpec(provider="anthropic", model="c-5")
THOUGHT: list[Any] = [
    {"type": "thinking", "thinking": "Hm.", "signature": "s", "index": 0},
    {"type": "text", "text": "Let me see.", "index": 1},
    {"type": "tool_use", "id": "1", "name": "look", "input": {}, "partial_json": "{}", "index": 2},
]


def answered(content: Any, **more: Any) -> AIMessage:
    return AIMessage(content=content, tool_calls=[{"id": "1", "name": "look", "args": {"a": 1}}], **more)


def test_what_a_model_thought_is_given_back_to_it_alone() -> None:
    """Block by block, as its provider wants it; another model gets the words."""
    answer = our_answer(answered(THOUGHT), CLAUDE)
    message: Message = {"role": "assistant", "content": answer["text"], "tool_calls": answer["tool_calls"]}
    message["thinking"] = answer.get("thinking")

    (same,) = to_langchain([message], CLAUDE)
    (other,) = to_langchain([message], ModelSpec(provider="anthropic", model="c-4"))

    assert same.content == [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "1", "name": "look", "input": {"a": 1}},
    ]
    assert other.content == "Let me see."


def test_a_call_that_is_no_json_is_told_of_and_not_lost() -> None:
    """The model reads why, and tries again."""
    heard = AIMessageChunk(
        content="", tool_call_chunks=[{"id": "1", "name": "look", "args": '{"a": ', "index": 0}, _call("2", "[1]")]
    )

    answer = our_answer(heard, CLAUDE)

    assert [(call["name"], bool(call.get("wrong"))) for call in answer["tool_calls"]] == [
        ("look", True),
        ("look", True),
    ]
    assert answer["stop"] == "tools"


def test_an_empty_message_is_told_so_that_every_provider_takes_it() -> None:
    empty: list[Message] = [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}]

    assert [message.content for message in to_langchain(empty, CLAUDE)] == ["…", "…"]


def test_an_answer_that_was_cut_off_or_refused_says_so() -> None:
    cut = AIMessage("x", response_metadata={"finish_reason": "length"})
    refused = AIMessage("x", response_metadata={"stop_reason": "refusal"})

    assert [our_answer(each, CLAUDE)["stop"] for each in (cut, refused)] == ["length", "refused"]


def test_a_conversation_of_langchain_is_one_of_ours() -> None:
    """Pictures as pictures."""
    picture = "data:image/png;base64,iVBORw0KGgo="
    seen: Any = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": picture}}]

    ours = from_langchain(
        [SystemMessage("Be kind."), HumanMessage(seen), answered("Wait."), ToolMessage("red", tool_call_id="1")]
    )

    assert ours == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "What?"}, {"type": "image", "image": picture}]},
        {"role": "assistant", "content": "Wait.", "tool_calls": [{"id": "1", "name": "look", "arguments": {"a": 1}}]},
        {"role": "tool", "content": "red", "tool_call_id": "1"},
    ]


def _call(name: str, arguments: str) -> Any:
    return {"id": name, "name": "look", "args": arguments, "index": 1}

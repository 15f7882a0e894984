"""`local:smollm2`: a small model in this process, without a network. It is used only when it is named.

It is weak: it streams, answers from a passage that it is given, and keeps to a schema because it is held to one. It chooses
tools badly, so tools are a schema, too: one object that is either a call or an answer.
"""

import asyncio
import functools
import importlib
import json
import os
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, cast

from tenuto.models.content import options_of, text_of
from tenuto.models.get import COMMAND, NAME, SHA256, digest, place
from tenuto.models.hearing import Hearing, count
from tenuto.sdk.agents import Answer, Ask, Message, ModelError, ModelSpec, Usage
from tenuto.sdk.agents.messages import Stop
from tenuto.sdk.agents.model import Tell

INSTALL: Final = "pip install 'tenuto[local]'"
MAX_TOKENS: Final = 512
CONTEXT: Final = 4_096  # tokens
_QUIET: Final = 0
_OPTIONS: Final = frozenset({"temperature", "top_p", "seed", "stop", "max_tokens"})


class Local:
    """A `Model`. One question at a time, in a thread of its own."""

    def __init__(self, spec: ModelSpec) -> None:
        if spec.model != NAME:
            raise ModelError(f"there is no local model `{spec.model[:60]}`: there is local:{NAME}", retry=False)
        self._spec = spec
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="local-model")

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        del key  # nobody is paid, and nothing is kept
        loop, pieces = asyncio.get_running_loop(), asyncio.Queue[Any]()
        stopped = False

        def hear(chunk: Any) -> bool:
            loop.call_soon_threadsafe(pieces.put_nowait, chunk)
            return stopped

        working = loop.run_in_executor(self._thread, _play, _question(self._spec, ask), hear)
        working.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            heard = _Heard(self._spec.name, tell, ask)
            while (chunk := await pieces.get()) is not None:
                heard.chunk(chunk)
            await working
        finally:
            stopped = True
        return heard.answer()

    async def aclose(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


class _Heard:
    """What the library says, put together. With tools the text is an object, and its answer is told when it is whole."""

    def __init__(self, name: str, tell: Tell, ask: Ask) -> None:
        self._ask = ask
        self._name = name
        self._tell = tell
        self._hearing = Hearing(name, (lambda _: None) if ask["tools"] else tell)
        self._stop: Stop | None = None
        self._usage: Usage = {}

    def chunk(self, chunk: Any) -> None:
        for each in cast("list[Any]", chunk) if isinstance(chunk, list) else [chunk]:
            self._one(cast("dict[str, Any]", each))

    def _one(self, chunk: dict[str, Any]) -> None:
        if "error" in chunk:
            message = str(cast("dict[str, Any]", chunk["error"]).get("message", "no reason given"))
            raise ModelError(f"{self._name}: {' '.join(message.split())[:200]}", retry=False)
        for choice in cast("list[dict[str, Any]]", chunk.get("choices") or []):
            self._hearing.say(cast("dict[str, Any]", choice.get("delta") or {}).get("content"))
            if choice.get("finish_reason"):
                self._stop = "length" if choice["finish_reason"] == "length" else "end"
        told = chunk.get("timings")
        if told:
            cached, taken = count(told.get("cache_n")), count(told.get("predicted_n"))
            self._usage = {
                "input_tokens": count(told.get("prompt_n")) + cached,
                "cached_tokens": cached,
                "output_tokens": taken,
            }

    def answer(self) -> Answer:
        answer = self._hearing.answer(self._ask, self._usage, self._stop)
        return _unfolded(answer, self._ask, self._tell) if self._ask["tools"] else answer


def _unfolded(answer: Answer, ask: Ask, tell: Tell) -> Answer:
    """A call or an answer, out of the object that holds either."""
    try:
        said: Any = json.loads(answer["text"])
    except ValueError:  # it ran out of tokens in the middle
        said = {"answer": answer["text"]}
    given = cast("dict[str, Any]", said) if isinstance(said, dict) else {"answer": answer["text"]}
    names = {tool["name"] for tool in ask["tools"]}
    if given.get("tool") in names:
        arguments = given.get("arguments")
        turn = sum(1 for message in ask["messages"] if message["role"] == "assistant") + 1
        made = cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}
        return {
            **answer,
            "text": "",
            "stop": "tools",
            "tool_calls": [{"id": f"call_{turn}", "name": given["tool"], "arguments": made}],
        }
    value = given.get("answer", "")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text:
        tell(text)
    return {**answer, "text": text}


def _question(spec: ModelSpec, ask: Ask) -> dict[str, Any]:
    options = {name: value for name, value in options_of(spec.options, ask).items() if name in _OPTIONS}
    question: dict[str, Any] = {
        "messages": _messages(ask),
        "stream": True,
        "max_tokens": MAX_TOKENS,
        "temperature": 0.2,
        **options,
    }
    schema = _schema(ask)
    if schema is not None:
        question["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return question


def _schema(ask: Ask) -> Mapping[str, Any] | None:
    output = ask.get("output")
    if not ask["tools"]:
        return output
    calls = [_either("tool", {"const": tool["name"]}, arguments=tool["parameters"]) for tool in ask["tools"]]
    return {"anyOf": [*calls, _either("answer", output or {"type": "string"})]}


def _either(name: str, schema: Mapping[str, Any], **more: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: schema, **more}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _messages(ask: Ask) -> list[dict[str, str]]:
    """Its template knows three roles: calls and what they answered are told in words."""
    messages = [_message(message) for message in ask["messages"]]
    if ask["tools"]:
        tools = "\n".join(f"- {tool['name']}: {tool['description']}" for tool in ask["tools"])
        told = (
            f'Answer as JSON: {{"answer": …}}, or {{"tool": NAME, "arguments": …}} to call one of these tools:\n{tools}'
        )
        messages.insert(0, {"role": "system", "content": told})
    return messages


def _message(message: Message) -> dict[str, str]:
    text = text_of(message)
    if message["role"] == "tool":
        return {"role": "user", "content": f"The tool answered: {text}"}
    calls = message.get("tool_calls")
    if calls:
        text = "\n".join([text, *(json.dumps({"tool": c["name"], "arguments": c["arguments"]}) for c in calls)]).strip()
    return {"role": message["role"], "content": text}


def _play(question: dict[str, Any], hear: Any) -> None:
    """In the thread."""
    server(place()).handle_chat_completions(question, hear)


@functools.cache
def server(file: Path) -> Any:
    """The library's own, loaded once. Its port, which nobody here uses, wants a key that nobody is told."""
    try:
        library: Any = importlib.import_module("xllamacpp")
    except ImportError:
        raise ModelError(f"local:{NAME} needs xllamacpp: {INSTALL}", retry=False) from None
    if not file.exists():
        raise ModelError(f"the weights of local:{NAME} are not here: `{COMMAND}` fetches them", retry=False)
    if digest(file) != SHA256:
        raise ModelError(f"{file} is not what was fetched: delete it, then `{COMMAND}`", retry=False)
    params = library.CommonParams()
    params.model.path = str(file)
    params.n_ctx, params.n_parallel = CONTEXT, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, (os.cpu_count() or 2) - 1)
    params.verbosity = _QUIET
    params.api_keys = [secrets.token_urlsafe(32)]
    return library.Server(params)

"""Providers of models for tests: HTTP servers that speak their wires and say what a script says.

    async with WireServer([{"calls": [{"tool": "search", "arguments": {"q": "x"}}]}, "Found."]) as wire:
        client = AsyncOpenAI(base_url=wire.openai, api_key="none")

One server speaks all of them: OpenAI's chat completions and responses (`wire.openai`), Anthropic's messages
(`wire.anthropic`), Bedrock's converse (`wire.bedrock`), and Ollama's list of models; streamed or whole, as it is asked. The
script has the form that `tenuto.models.scripts` says: turns in order, rules, `error` with a status and `retry_after`. Over a
wire an answer may also have a `fault`, by name or as `{kind: …, times: 1}` (how often that question meets it):

- `cut`: the connection ends in the middle of the answer.
- `slow`: it begins only after `seconds`; `hang`: it never does.
- `garbage`: it is no JSON; `types`: it is JSON, and everything in it has the wrong type.
- `endless`: it never ends; `huge`: a tool is called with arguments of many megabytes (or of `size`); `endless_line`: one line, without end.

As a process of its own, for tests that kill their program:

    python -m tenuto.testing.wire --script FILE --port N --log FILE

The log has a JSON line for each request, on the disk before the answer is sent (`"phase": "asked"`), and one when the answer
has left (`"phase": "answered"`), both with the same `n`. `key` is the request's `Idempotency-Key`; `digest` is that of the
conversation: a call that was answered and is asked again has the same. `turn` counts the answers in it.
"""

from tenuto.testing.wire.log import Entry, read_log, repeated
from tenuto.testing.wire.server import WireServer

__all__ = ["Entry", "WireServer", "read_log", "repeated"]

"""What is seen of an agent at work."""

import io

import pytest

from tenuto.cli.agent_display import AgentDisplay
from tenuto.cli.agent_report import efforts_line
from tenuto.cli.look import cost
from tenuto.cli.wrapping import Wrapping
from tenuto.core import events
from tenuto.documents import load
from tenuto.ports.engine import Live
from tenuto.service.agent_efforts import Efforts, efforts_of, text_of
from tenuto.service.follow import Follower

FLOW = "flow: agent-copywriter\nnodes:\n  agent: {use: set, with: {value: 1}}\noutput: ${agent}\n"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def text(piece: str, **more: object) -> Live:
    return Live("run", "delta", "agent", data={"text": piece, **more})


def tool(status: str, **more: object) -> Live:
    return Live("run", "delta", "agent", data={"tool": "node:http.request", "call": 1, "status": status, **more})


def step(key: str, output: object = None, usage: dict[str, float] | None = None) -> events.StepRecorded:
    return events.StepRecorded(1001.0, "agent", key, "hash", output, usage)


def followed() -> Follower:
    flow = load(FLOW).flow
    assert flow is not None
    follower = Follower(flow)
    follower.fold(1, events.RunStarted(1000.0, "id", "otter", flow.name, flow.hash, {}))
    return follower


def shown(*seen: Live, answer: str = "", stream: io.StringIO | None = None) -> str:
    """What stands there when all of it was seen and the run has ended with that answer."""
    stream = stream or Terminal()
    follower = followed()
    display = AgentDisplay(stream, follower)
    for live in seen:
        display.see(live)
    view = follower.view()
    view.output = {"text": answer}
    display.close(view)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that shows plain lines, unless a test wants another."""
    monkeypatch.setenv("NO_COLOR", "1")


class TestDisplay:
    def test_what_was_said_piece_by_piece_is_not_said_again(self) -> None:
        """The answer of the run is what was streamed."""
        assert shown(text("Fine "), text("tea."), answer="Fine tea.") == "Fine tea.\n"

    def test_what_was_said_before_a_crash_is_said_at_the_end(self) -> None:
        """A resumed run streams nothing of what is recorded."""
        assert shown(answer="Fine tea.").strip() == "Fine tea."

    def test_a_tool_is_one_line_with_its_time(self) -> None:
        """Arguments and milliseconds, when it has answered; never in the middle of a sentence."""
        said = shown(
            text("Let me look."),
            tool("called", arguments={"url": "https://example.com"}),
            tool("answered", ms=312),
            answer="Let me look.",
        )

        assert said.splitlines() == ["Let me look.", '  ✓ node:http.request(url="https://example.com")  0.3s']

    def test_a_tool_that_fails_says_why(self) -> None:
        """On one line."""
        assert "✗ node:http.request  0.0s  404: no such page\n" in shown(
            tool("failed", ms=1, error="404:\n no such page")
        )

    def test_a_call_that_was_refused_took_no_time(self) -> None:
        """However long the person thought about it."""
        said = shown(tool("waiting", arguments={"n": 1}), tool("failed", error="a person refused this call: no"))

        assert "✗ node:http.request(n=1)  a person refused this call: no\n" in said

    def test_calls_at_once_are_kept_apart(self) -> None:
        """By their number: they may answer in another order."""
        first = Live("run", "delta", "agent", data={"tool": "a", "call": 1, "status": "called", "arguments": {"n": 1}})
        second = Live("run", "delta", "agent", data={"tool": "a", "call": 2, "status": "called", "arguments": {"n": 2}})
        done = [Live("run", "delta", "agent", data={"tool": "a", "call": n, "status": "answered"}) for n in (2, 1)]

        lines = shown(first, second, *done).splitlines()

        assert [line.split("  ")[1] for line in lines if line] == ["✓ a(n=2)", "✓ a(n=1)"]

    def test_what_another_agent_says_is_not_the_answer(self) -> None:
        """Its tools are shown under its name."""
        said = shown(text("secret draft", agent="editor"), tool("answered", agent="editor", ms=5), answer="Done.")

        assert "secret draft" not in said
        assert "editor → node:http.request" in said
        assert said.endswith("Done.\n")

    def test_another_turn_is_another_paragraph(self) -> None:
        follower = followed()
        stream = Terminal()
        display = AgentDisplay(stream, follower)

        display.see(text("One."))
        display.see(Live("run", "fact", "agent", 2, step("model:1")))
        display.see(text("Two. "))

        assert stream.getvalue() == "One.\n\nTwo."

    def test_what_broke_off_is_said_anew_by_itself(self) -> None:
        """The connection to a model was lost in the middle: what it says then is the answer."""
        said = shown(text("Fi"), text("", again=True), text("Fine."), answer="Fine.")

        assert said == "Fi\n\nFine.\n"

    def test_control_characters_do_not_reach_the_terminal(self) -> None:
        """SECURITY: a model's text, and a tool's arguments, are a stranger's."""
        said = shown(text("\x1b[2Jhidden"), tool("answered", arguments={"x": "\x1b]0;title\x07"}, ms=1))

        assert "\x1b" not in said
        assert "\x07" not in said

    def test_without_a_terminal_the_work_is_told_aside(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing of the answer is on stdout before it is whole."""
        stream = io.StringIO()

        assert shown(text("Fine."), tool("answered", ms=2), answer="Fine.", stream=stream) == ""
        assert "✓ node:http.request" in capsys.readouterr().err.replace("ok ", "✓ ")

    def test_what_goes_on_stands_below_and_is_wiped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A line that moves must leave no trace in what stays."""
        monkeypatch.delenv("NO_COLOR")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr("tenuto.cli.agent_display._QUIET", -1.0)
        stream = Terminal()
        display = AgentDisplay(stream, followed())

        display.see(tool("called", arguments={"q": "tea"}))
        display.tick()
        waiting = stream.getvalue()
        display.see(text("Tea "))
        display.tick()

        assert 'node:http.request(q="tea")' in waiting
        assert stream.getvalue().removeprefix(waiting) == "\r\x1b[2K  Tea"


class TestWrapping:
    def test_words_are_whole_and_stand_behind_the_margin(self) -> None:
        """In whatever pieces they come."""
        lines = Wrapping(24)
        sentence = "the quick brown fox jumps over the lazy dog"

        said = "".join(lines.add(piece) for piece in [sentence[:7], sentence[7:8], sentence[8:30], sentence[30:]])
        said += lines.end()

        assert said.splitlines() == ["  the quick brown fox", "  jumps over the lazy", "  dog"]

    def test_lines_of_its_own_and_indents_stay(self) -> None:
        """A list and a piece of code are as the model wrote them."""
        lines = Wrapping(60)

        assert lines.add("a:\n\n  - b\n") + lines.end() == "  a:\n\n    - b\n"

    def test_a_word_that_is_wider_than_the_line_is_cut(self) -> None:
        """It comes out as it comes in, instead of being held back for ever."""
        lines = Wrapping(22)

        said = lines.add("x" * 50) + lines.end()

        assert said.replace("\n", "").replace(" ", "") == "x" * 50

    def test_wide_letters_count_as_they_are(self) -> None:
        lines = Wrapping(22)

        said = lines.add("日本語 " * 5) + lines.end()

        assert all(len(line.strip()) <= 11 for line in said.splitlines())


class TestReport:
    def test_efforts_are_counted_from_what_is_recorded(self) -> None:
        """Those of agents that were called too; an answer of a person is none."""
        facts = [
            step("agent", {}),
            step("model:1", {"model": "scripted:demo"}, {"tokens": 10, "usd": 0.5}),
            step("call:1/model:1", {"model": "openai:gpt-5"}, {"tokens": 5}),
            step("call:1", {}),
            step("tool:2", {"signal": {}}),
        ]

        found = efforts_of(enumerate(facts, 1))

        assert (found.asked, found.called) == (2, 1)
        assert found.models == ["scripted:demo", "openai:gpt-5"]
        assert found.cost == {"tokens": 15, "usd": 0.5}

    def test_the_line_says_who_answered_and_what_it_cost(self) -> None:
        efforts = Efforts(1, 2, ["scripted:demo"], {"tokens": 1234, "usd": 0.004})

        assert efforts_line(efforts, 2.1) == "1 answer of scripted:demo, 2 tool calls  2.1s  $0.004 1,234 tokens"

    def test_the_smallest_cost_is_not_none(self) -> None:
        assert cost({"usd": 0.00002, "tokens": 15.0}) == "under $0.0001 15 tokens"

    @pytest.mark.parametrize(
        ("output", "said"),
        [({"text": "hi"}, "hi"), ({"text": "", "data": {"a": 1}}, '{\n  "a": 1\n}'), (None, ""), ("odd", "")],
    )
    def test_an_answer_is_text_or_data(self, output: object, said: str) -> None:
        assert text_of(output) == said

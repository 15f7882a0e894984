"""Agent files, also those that were written for other programs: an agent, or problems with their lines."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenuto.documents import MAX_BYTES
from tenuto.documents.agent_file import kebab, load_agent

FILES = Path(__file__).parent / "agent_files"
WHOLE = """---
name: editor
description: Edits.
team: marketing
model: [openai:gpt-5, inherit]
runtime: langgraph
tools: [mcp:docs/search, "node:http.request", ask_person]
approve: ["node:http.request"]
max_turns: 7
budget: {usd: 0.5, tokens: 1000}
output: {type: object, properties: {title: {type: string}}}
color: red
---

You edit.

---
Not front matter: below.
"""


def read(text, **given):
    loaded = load_agent(text, **given)
    assert loaded.agent is not None, loaded.problems
    assert loaded.errors == []
    return loaded.agent


def told(text, **given):
    """The problems as (line, path, code)."""
    return [(each.line, each.path, each.code) for each in load_agent(text, **given).problems]


def agent_of(*lines, **given):
    return read("\n".join(["---", "name: x", *lines, "---", "Hi."]), **given)


def wrong(*lines):
    loaded = load_agent("\n".join(["---", "name: x", *lines, "---", "Hi."]))
    assert loaded.agent is None
    [problem] = loaded.errors
    return problem


class TestUsersOwnFiles:
    """Files that people wrote for other coding agents load as they are."""

    @pytest.mark.parametrize(
        ("file", "name", "model"),
        [
            ("0-polysynergy-api-ecosystem.md", "api-ecosystem-developer", "inherit"),
            ("1-realtime-agentic-platform.md", "agentic-platform-developer", "inherit"),
            ("2-fastapi-orchestrator.md", "fastapi-orchestrator", "sonnet"),
            ("3-backend-developer.md", "backend-developer", "inherit"),
            ("4-agent-orchestrator.md", "agent-orchestrator-dev", "sonnet"),
        ],
    )
    def test_each_is_an_agent(self, file, name, model):
        source = (FILES / file).read_bytes()

        agent = read(source)

        assert (agent.name, agent.model, agent.tools, agent.runtime) == (name, (model,), (), "native")
        assert agent.description
        assert agent.prompt == source.decode().split("\n---\n", 1)[1].strip()

    def test_tools_that_do_not_exist_here_are_told_with_what_to_do(self):
        source = (FILES / "3-backend-developer.md").read_bytes()

        agent = read(source)

        assert [each.line for each in agent.problems] == [5, 6, 7, 8, 9, 10]
        assert {(each.code, each.severity) for each in agent.problems} == {("foreign_tool", "warning")}
        assert "`bash`" in agent.problems[0].message
        assert "mcp:SERVER/TOOL" in agent.problems[0].hint

    def test_a_description_that_is_no_yaml_is_read_as_text(self):
        source = (FILES / "2-fastapi-orchestrator.md").read_bytes()

        agent = read(source)

        assert "\n<example>\nContext: User is building a new chatbot" in agent.description
        assert agent.extra == {"color": "red"}
        assert [(each.line, each.code) for each in agent.problems] == [(3, "unquoted")]


class TestWhatIsSaid:
    def test_every_key_is_read(self):
        agent = read(WHOLE, origin="folder")

        assert agent.name == "editor"
        assert agent.description == "Edits."
        assert agent.team == "marketing"
        assert agent.model == ("openai:gpt-5", "inherit")
        assert agent.runtime == "langgraph"
        assert agent.tools == ("mcp:docs/search", "node:http.request", "ask_person")
        assert agent.approve == ("node:http.request",)
        assert agent.max_turns == 7
        assert agent.budget == {"usd": 0.5, "tokens": 1000}
        assert agent.output == {"type": "object", "properties": {"title": {"type": "string"}}}
        assert agent.extra == {"color": "red"}
        assert agent.prompt == "You edit.\n\n---\nNot front matter: below."
        assert agent.source == "folder"
        assert agent.problems == ()

    def test_what_is_not_said_has_defaults(self):
        agent = agent_of()

        assert (agent.model, agent.runtime, agent.max_turns, agent.output) == (("inherit",), "native", 25, None)
        assert (agent.tools, agent.approve, dict(agent.budget), dict(agent.extra)) == ((), (), {}, {})

    @pytest.mark.parametrize("ending", ["\r\n", "\r"])
    def test_line_ends_of_other_systems_mean_the_same(self, ending):
        there = read(WHOLE.replace("\n", ending))

        assert there == read(WHOLE)

    def test_a_mark_of_the_encoding_and_lines_above_do_not_count(self):
        assert read("\ufeff\n\n" + WHOLE) == read(WHOLE)
        assert read(b"\xef\xbb\xbf" + WHOLE.encode()) == read(WHOLE)

    def test_lines_above_are_counted_for_problems(self):
        assert told("\n\n---\nname: x\nruntime: nativ\n---\nHi.") == [(5, "runtime", "unknown_runtime")]

    def test_keys_that_nobody_knows_are_kept(self):
        agent = agent_of("permissionMode: plan", "skills: [a, b]", "nested: {deep: [1, {x: ~}]}")

        assert agent.extra == {"permissionMode": "plan", "skills": ["a", "b"], "nested": {"deep": [1, {"x": None}]}}
        assert agent.problems == ()

    @pytest.mark.parametrize("key", ["maxTurns", "max-turns", "tool", "models", "Runtime"])
    def test_a_key_that_is_nearly_ours_is_asked_about(self, key):
        agent = agent_of(f"{key}: 3")

        [problem] = agent.problems
        assert (problem.code, problem.severity, problem.line) == ("unknown_key", "warning", 3)
        assert "did you mean" in problem.hint


class TestNames:
    @pytest.mark.parametrize(
        ("title", "name"),
        [
            ("Backend Developer", "backend-developer"), ("user_story_agent", "user-story-agent"), ("Écrivain 2000!", "ecrivain-2000"),
            ("  QA  ", "qa"), ("a" * 80, "a" * 63), ("日本", ""), ("C++/Rust", "c-rust"),
        ],
    )  # fmt: skip
    def test_a_title_becomes_a_name(self, title, name):
        assert kebab(title) == name

    def test_the_title_is_kept(self):
        assert read("---\nname: Backend Developer\n---\nHi.").extra == {"title": "Backend Developer"}
        assert read("---\nname: Backend Developer\ntitle: Boss\n---\nHi.").extra == {"title": "Boss"}
        assert read("---\nname: backend\n---\nHi.").extra == {}

    @pytest.mark.parametrize("front", ["", "# nothing\n", "description: x\n", "name:\n", "name: ''\n"])
    def test_a_file_without_a_name_has_that_of_its_file(self, front):
        assert read(f"---\n{front}---\nHi.", name="My helper").name == "my-helper"

    @pytest.mark.parametrize(
        ("name", "code"),
        [("''", "missing"), ("日本", "missing"), ("3d", "wrong_name"), ("7", "wrong_type"), ("status", "reserved"), ("Execute", "reserved")],
    )  # fmt: skip
    def test_a_name_that_cannot_be_is_refused(self, name, code):
        assert told(f"---\ndescription: d\nname: {name}\n---\nHi.") == [(3, "name", code)]

    def test_a_team_may_come_from_where_the_file_lies(self):
        assert agent_of(team="testing").team == "testing"
        assert agent_of("team: mine", team="testing").team == "mine"


class TestTools:
    @pytest.mark.parametrize(
        "written",
        ["tools: mcp:a/b, node:x", 'tools: "mcp:a/b,node:x,"', "tools: [mcp:a/b, node:x, mcp:a/b]", "tools: {mcp:a/b: true, node:y: false, node:x: true}"],
    )  # fmt: skip
    def test_they_are_a_list_or_a_text_with_commas(self, written):
        assert agent_of(written).tools == ("mcp:a/b", "node:x")

    def test_the_names_of_other_agents_for_tools_of_servers_are_understood(self):
        agent = agent_of("tools: mcp__github__search_code, mcp__docs")

        assert agent.tools == ("mcp:github/search_code", "mcp:docs/*")

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("Bash(git add:*, git commit:*)", "mcp:"), ("Read", "mcp:"), ("multi_edit", "mcp:"), ("WebFetch", "node:http.request"), ("Task", "agent:NAME"),
            ("TodoWrite", "leave it out"), ("AskUserQuestion", "ask_person"),
        ],
    )  # fmt: skip
    def test_those_of_other_coding_agents_are_a_warning(self, name, hint):
        agent = agent_of(f"tools: '{name}, mcp:a/b'")

        [problem] = agent.problems
        assert (problem.line, problem.code, problem.severity) == (3, "foreign_tool", "warning")
        assert hint in problem.hint
        assert agent.tools == ("mcp:a/b",)

    @pytest.mark.parametrize("name", ["*", "mcp:", "node: x", "x:y", "mcp:a b", "a?"])
    def test_what_is_no_tool_of_any_kind_is_a_warning(self, name):
        agent = agent_of(f"tools: ['{name}']")

        assert agent.tools == ()
        assert [each.severity for each in agent.problems] == ["warning"]

    @pytest.mark.parametrize("name", ["ask_person", "search_documents", "mcp:docs/*", "http.request"])
    def test_what_may_be_one_is_for_the_router_to_find(self, name):
        agent = agent_of(f"tools: ['{name}']")

        assert (agent.tools, agent.problems) == ((name,), ())

    def test_a_kind_that_is_nearly_ours_is_asked_about(self):
        [problem] = agent_of("tools: [mpc:a/b]").problems

        assert "did you mean `mcp`?" in problem.hint

    @pytest.mark.parametrize("all_of_them", ["true", "'*'", "all", "[node:x, '*']"])
    def test_approve_may_mean_all_of_its_tools(self, all_of_them):
        agent = agent_of("tools: [mcp:a/b, node:x]", f"approve: {all_of_them}")

        assert agent.approve == ("mcp:a/b", "node:x")

    @pytest.mark.parametrize("name", ["mcp:docs/delete", "mcp:docs/*", "search_documents", "mcp:*", "http:search_*"])
    def test_approve_may_be_narrower_and_shorter(self, name):
        agent = agent_of("tools: [mcp:docs/*, http:search_documents]", f"approve: ['{name}']")

        assert (agent.approve, agent.problems) == ((name,), ())

    def test_approving_what_it_does_not_have_is_a_warning(self):
        agent = agent_of("tools: [node:http.request]", "approve: node:http.requst")

        [problem] = agent.problems
        assert (problem.code, problem.line) == ("approves_nothing", 4)
        assert problem.hint == "did you mean `node:http.request`?"

    @pytest.mark.parametrize("name", ["node: email send", "email send", "node:email.*x"])
    def test_what_names_no_tool_is_not_passed_over(self, name):
        """Whoever wrote it believes that a person is asked."""
        agent = agent_of("tools: [node:email.send]", f"approve: ['{name}', Bash]")

        assert [problem.code for problem in agent.problems] == ["approves_nothing"]


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("line", "path", "code"),
        [
            ("tools: 5", "tools", "wrong_type"), ("tools: [mcp:a/b, 5]", "tools[1]", "wrong_type"), ("approve: 5", "approve", "wrong_type"),
            ("description: [a]", "description", "wrong_type"), ("team: 3", "team", "wrong_type"), ("model: []", "model", "wrong_type"),
            ("model: 5", "model", "wrong_type"), ("model: ['']", "model", "wrong_type"), ("runtime: agnos", "runtime", "unknown_runtime"),
            ("runtime: []", "runtime", "unknown_runtime"), ("max_turns: 0", "max_turns", "wrong_type"), ("max_turns: lots", "max_turns", "wrong_type"),
            ("max_turns: true", "max_turns", "wrong_type"), ("budget: 5", "budget", "wrong_type"), ("budget: {eur: 5}", "budget.eur", "unknown_key"),
            ("budget: {usd: no}", "budget.usd", "wrong_type"), ("budget: {tokens: 0.5}", "budget.tokens", "wrong_type"), ("output: text", "output", "wrong_type"),
            ("output: {type: thing}", "output.type", "wrong_schema"), ("description: " + "a" * 20_001, "description", "too_long"),
            ("team: " + "a" * 201, "team", "too_long"), (f"tools: {', '.join(f'node:n{number}' for number in range(201))}", "tools", "too_many"),
        ],
    )  # fmt: skip
    def test_a_wrong_value_is_told_with_its_line(self, line, path, code):
        problem = wrong(line)

        assert (problem.line, problem.path, problem.code) == (3, path, code)
        assert problem.hint or code == "wrong_schema"

    def test_all_that_is_wrong_is_told_at_once(self):
        text = "---\nname: x\nruntime: y\nbudget: 3\ntools: bash\n---\n"

        assert told(text) == [
            (5, "tools", "foreign_tool"), (3, "runtime", "unknown_runtime"), (4, "budget", "wrong_type"), (7, "", "no_prompt"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "line", "code"),
        [
            ("", 1, "no_front_matter"), ("\n\n", 3, "no_front_matter"), ("# Read me\n---\nname: x\n---\n", 1, "no_front_matter"),
            ("---\nname: x\nHi.", 1, "no_front_matter"), ("--\nname: x\n--\n", 1, "no_front_matter"), ("---\n- a\n---\nHi.", 2, "wrong_type"),
            ("---\nname: x\n---\n  \n", 4, "no_prompt"), ("---\nname: x\n---", 4, "no_prompt"), ("---\nname: x\ntools: [\n---\nHi.", 4, "yaml"),
            ("---\nname: x\nname: y\n---\nHi.", 3, "duplicate_key"), ("---\nname: x\nbudget: {usd: 1\nteam: y\n---\nHi.", 4, "yaml"),
            ("---\nname: x\nextra: &a [1]\n---\nHi.", 3, "anchor"), ("---\nname: x\nn: .inf\n---\nHi.", 3, "not_finite"), (f"---\nname: {'a ' * 101}\n---\nHi.", 2, "too_long"),
            (b"---\nname: \xff\n---\nHi.", 2, "encoding"), ("---\nname: x\n---\nHi \x00.", 4, "encoding"),
        ],
    )  # fmt: skip
    def test_a_file_that_cannot_be_read_says_where(self, text, line, code):
        assert [(each[0], each[2]) for each in told(text)] == [(line, code)]

    def test_a_file_over_one_megabyte_is_refused(self):
        loaded = load_agent("---\nname: x\n---\n" + "y" * MAX_BYTES)

        assert [each.code for each in loaded.problems] == ["too_large"]
        assert "task" in loaded.problems[0].hint

    def test_nothing_is_said_of_flows(self):
        [problem] = load_agent("---\nname: x\nextra: [&a 1]\n---\nHi.").problems

        assert "flow" not in str(problem)


class TestLinesThatAreNoYaml:
    @pytest.mark.parametrize(
        ("written", "text"),
        [
            ("Use it so: like this", "Use it so: like this"), ("a # b: c", "a # b: c"), ("Ends with:", "Ends with:"), ("@me", "@me"), ("*", "*"),
            ("`code`", "`code`"), ("%x", "%x"), ("one: two\n  three: four", "one: two\nthree: four"), (r"x: y\nz", "x: y\nz"),
        ],
    )  # fmt: skip
    def test_such_a_line_is_text(self, written, text):
        agent = agent_of(f"description: {written}", "color: red")

        assert agent.description in {text, "a"}  # what follows ` #` is a comment where the line is YAML
        assert agent.extra == {"color": "red"}

    def test_what_stands_below_keeps_its_line(self):
        text = "---\nname: x\ndescription: a: b\n  c: d\nruntime: y\n---\nHi."

        assert told(text) == [(3, "description", "unquoted"), (5, "runtime", "unknown_runtime")]

    def test_what_is_broken_otherwise_is_still_refused(self):
        assert [each[2] for each in told("---\ndescription: a: b\ntools: [a\n---\nHi.")] == ["yaml"]


class TestVersions:
    def test_what_means_the_same_has_the_same_version(self):
        turned = "---\n# mine\ncolor: red\nname: 'x'\ntools: ask_person\n---\n\n\nHi.\r\n"

        assert read(turned).version == read("---\nname: x\ntools: [ask_person]\ncolor: red\n---\nHi.").version

    @pytest.mark.parametrize(
        "edit", ["team: a", "model: a:b", "tools: ask_person", "max_turns: 3", "budget: {usd: 1}", "output: {}", "x: y"]
    )
    def test_what_means_something_else_has_another(self, edit):
        assert agent_of(edit).version != agent_of().version

    def test_where_it_comes_from_is_no_part_of_it(self):
        assert read(WHOLE, origin="catalog").version == read(WHOLE).version

    def test_it_is_short_and_for_ever(self):
        """It is kept in journals."""
        assert read(WHOLE).version == "b7016e2b3595"


# A long name of many letters, none of them frequent: the worst there is to compare with another.
ALIKE = "".join(chr(0x4E00 + n * 7_919 % 997) for n in range(60_000))


class TestBounds:
    """However long a file is and whatever stands in it, it is read at once."""

    @pytest.mark.parametrize(
        "text",
        [
            "---\n" + "a: b: c\n" * 100_000 + "---\nHi.", "---\n" + "".join(f"k{n}: b: c\n" for n in range(60_000)) + "---\nHi.",
            "---\nname: x\ntools: '" + "(" * 900_000 + "'\n---\nHi.", "---\nname: x\ntools: '" + "()," * 100_000 + "'\n---\nHi.",
            "---\nname: x\ntools: '" + "ab," * 150_000 + "'\napprove: '" + "b," * 40_000 + "'\n---\nHi.", "---\n" + "\n" * 900_000 + "---\nHi.",
            f"---\nname: x\ntools: [{ALIKE}]\napprove: [{ALIKE[::-1]}]\n---\nHi.", '---\nname: x\ntools: ["mcp__' + "_" * 900_000 + '\\nx"]\n---\nHi.',
        ],
        ids=["twice", "unquoted", "open", "odd", "tools", "empty", "alike", "server"],
    )  # fmt: skip
    def test_nothing_takes_long(self, text):
        begun = time.perf_counter()
        loaded = load_agent(text)

        assert len(loaded.problems) <= 501
        assert time.perf_counter() - begun < 10


PIECES = ["---", "--- ", "\n", "\r\n", "name: x", "name:", "tools: ", "- a", "bash, read", "[", "]", "{", "}", ": ", "description: a: b", "*", "&a", "!x", "'", '"', "|", ">", "#", "\t", "\x85", "\u2028", "🎼", "budget: {usd: 1}", "output: {type: object}", "approve: true", "model: [a]", "<<: x", "Hi.", "\ufeff", "\x00"]  # fmt: skip


class TestAnything:
    """It never raises, and gives an agent or an error."""

    @settings(max_examples=150, deadline=None)
    @given(st.binary(max_size=300))
    def test_any_bytes(self, source):
        self.loads(source)

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(["", "file"]))
    def test_any_mixture_of_what_files_are_made_of(self, text, name):
        self.loads(text, name)
        self.loads(f"---\n{text}\n---\nHi.", name)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def test_a_file_with_a_piece_changed(self, data):
        start, length = data.draw(st.integers(0, len(WHOLE))), data.draw(st.integers(0, 20))
        piece = data.draw(st.lists(st.sampled_from(PIECES), max_size=4).map("".join))

        self.loads(WHOLE[:start] + piece + WHOLE[start + length :])

    def loads(self, source, name=""):
        loaded = load_agent(source, name=name)
        assert (loaded.agent is None) == bool(loaded.errors)
        for problem in loaded.problems:
            assert problem.message
            assert "\n" not in str(problem).strip(), "one line each"
        if loaded.agent is not None:
            assert replace(loaded.agent, problems=()).problems == ()
            assert loaded.said == loaded.agent.name

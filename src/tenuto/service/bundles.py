"""A flow with what it needs, as files fit for Git: its text, those of the flows and agents that it calls, and `tenuto.toml`.

flows/research.yaml        as it was written
flows/search.yaml          a flow that it calls; `flows/search@3.yaml` where a call names version 3
agents/editor.md           an agent that a node of it names, or that such an agent may call
tenuto.toml                `[needs]`: variables, secrets (their names alone), nodes and stages

Pure: files are a mapping from names to bytes. What is read of a bundle are those names; nothing is written by a name that
came from outside.
"""

import io
import json
import re
import tomllib
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

from tenuto.core.problems import Problem
from tenuto.documents.text import MAX_BYTES
from tenuto.service.refusals import Refused

Files = Mapping[str, bytes]

MANIFEST: Final = "tenuto.toml"
MAX_FILES: Final = 500
MAX_TOTAL: Final = 20 * 2**20  # bytes of a bundle when unpacked
MAX_MANIFEST: Final = 64 * 1024  # bytes
MAX_PARTS: Final = 20  # of a key with dots

# Texts and comments, where a dot is no part of a key.
_TEXTS: Final = re.compile(r""""(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'|#[^\n]*+""")
_NAME: Final = re.compile(r"flows/([a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?:@([1-9][0-9]{0,8}))?\.(yaml|yml|json)", re.ASCII)
_AGENT: Final = re.compile(r"agents/([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.md", re.ASCII)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the same files make the same zip


@dataclass(slots=True, frozen=True)
class Needed:
    """The table `[needs]`."""

    variables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Text:
    """A flow's document in a bundle. `pinned`: the version by which the other flows of the bundle call this very text."""

    file: str
    content: bytes
    pinned: int | None = None

    @property
    def format(self) -> str:
        return "json" if self.file.endswith(".json") else "yaml"


@dataclass(slots=True)
class Bundle:
    """`agents`: their files by name. `problems`: what of the files is not as it should be, each with the file as its path."""

    texts: list[Text] = field(default_factory=list[Text])
    agents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    needs: Needed = field(default_factory=Needed)
    problems: list[Problem] = field(default_factory=list[Problem])


def file_of(name: str, kind: str, pinned: int | None = None) -> str:
    at = "" if pinned is None else f"@{pinned}"
    return f"flows/{name}{at}.{'json' if kind == 'json' else 'yaml'}"


def agent_file(name: str) -> str:
    return f"agents/{name}.md"


def manifest(needs: Needed, name: str) -> bytes:
    """The fragment of `tenuto.toml` that goes with the flow."""
    lines = [f"# What the flow {name} needs where it runs. Values are never exported.", "[needs]"]
    lines += [f"{key} = {json.dumps(list(getattr(needs, key)))}" for key in Needed.__slots__]
    return ("\n".join(lines) + "\n").encode()


def read(files: Files) -> Bundle:
    """What the files hold; what cannot be read of them is a problem."""
    bundle = Bundle()
    for name in sorted(files):
        match, agent = _NAME.fullmatch(name), _AGENT.fullmatch(name)
        if name == MANIFEST:
            bundle.needs = _needs(files[name], bundle.problems)
        elif agent is not None:
            bundle.agents[agent[1]] = files[name]
        elif match is None:
            bundle.problems.append(_ignored(name))
        else:
            bundle.texts.append(Text(name, files[name], int(match[2]) if match[2] else None))
    if not bundle.texts and not bundle.agents:
        bundle.problems.append(Problem("", "empty", "the bundle holds no flows", "a flow is a file `flows/NAME.yaml`"))
    return bundle


def located(problem: Problem, file: str) -> Problem:
    """The problem of a document, with its file."""
    return replace(problem, path=f"{file}: {problem.path}" if problem.path else file)


def pack(files: Files) -> bytes:
    """One zip, the same for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpack(content: bytes) -> dict[str, bytes]:
    """The files of a zip; refused if it is none, or too much. Nothing is trusted of what it says about sizes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES:
                raise _too_large(f"the bundle holds {len(entries)} files, more than {MAX_FILES}")
            return _unpacked(archive, entries)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        raise Refused("invalid", "the bundle cannot be read: it is no zip file, or a damaged one") from None


def _unpacked(archive: zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = MAX_TOTAL
    for entry in entries:
        if entry.filename in files:
            raise Refused("invalid", f"the bundle holds `{_shown(entry.filename)}` twice")
        with archive.open(entry) as opened:
            content = opened.read(min(left, MAX_BYTES) + 1)  # no more than can be right, whatever it would become
        left -= len(content)
        if left < 0:
            raise _too_large(f"the bundle is larger than {MAX_TOTAL // 2**20} MB when unpacked")
        files[entry.filename] = content
    return files


def _needs(content: bytes, problems: list[Problem]) -> Needed:
    try:
        table = tomllib.loads(_plain(content)).get("needs", {})
    except (ValueError, RecursionError) as error:
        problems.append(Problem(MANIFEST, "toml", f"this is not TOML: {str(error)[:200]}"))
        return Needed()
    if not isinstance(table, dict):
        problems.append(Problem(MANIFEST, "wrong_type", "`needs` is no table", "write `[needs]`"))
        return Needed()
    said = {key: _names(cast("dict[str, object]", table).get(key, []), key, problems) for key in Needed.__slots__}
    return Needed(**said)


def _plain(content: bytes) -> str:
    """A manifest that takes no more than its length to read: of a key `a.a.a…` the parser keeps all beginnings, which of
    200 kB fill any memory."""
    if len(content) > MAX_MANIFEST:
        raise ValueError(f"it is longer than {MAX_MANIFEST // 1024} kB")
    text = content.decode()
    if '"""' in text or "'''" in text:  # where they end could be read in two ways
        raise ValueError("its texts are of one line each")
    if any(line.count(".") > MAX_PARTS for line in _TEXTS.sub("", text).splitlines()):
        raise ValueError(f"it has a key of more than {MAX_PARTS} parts")
    return text


def _names(value: object, key: str, problems: list[Problem]) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else None
    if items is None or not all(isinstance(item, str) for item in items):
        problems.append(Problem(MANIFEST, "wrong_type", f"`needs.{key}` is no list of names"))
        return ()
    return tuple(str(item) for item in items)


def _ignored(name: str) -> Problem:
    hint = "flows stand in `flows/NAME.yaml`, agents in `agents/NAME.md`"
    return Problem(_shown(name), "ignored", "this file is no part of a bundle", hint, "warning")


def _too_large(message: str) -> Refused:
    return Refused("too_large", message, "import it in parts")


def _shown(name: str) -> str:
    """A name of others, short and harmless."""
    safe = "".join(char if char.isprintable() else "�" for char in name)
    return safe if len(safe) <= 100 else f"{safe[:99]}…"

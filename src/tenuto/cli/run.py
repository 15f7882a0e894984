"""`tenuto run` and `tenuto resume`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto.cli.options import Data, Json, NoWait, Stage


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("resume")(resume)


def run(
    flow: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME",
            help="A flow's file, its name (NAME.yaml here or in flows/), or - for stdin",
            show_default=False,
        ),
    ],
    pairs: Annotated[
        list[str] | None,
        typer.Option("-i", metavar="KEY=VALUE", help="One field of the input, read by its declared type; repeat it"),
    ] = None,
    whole: Annotated[
        str | None,
        typer.Option("--input", metavar="JSON", help="The input as JSON, @FILE, or - for stdin; -i goes over it"),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What to call the run. Default: a name such as brave-otter-7f3a")
    ] = None,
    data: Data = None,
    stage: Stage = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> int:
    """Run a flow to its end, here. No server needed.

    Exit code: 0 succeeded, 1 failed, 2 bad input, 3 waiting (with --no-wait), 130 interrupted.
    """
    _check_name(name)
    return _run(flow, _Given(pairs or [], whole, name), data, stage, wait=not no_wait, json=json)


@dataclass(slots=True, frozen=True)
class _Given:
    """What the new run is given."""

    pairs: list[str]
    whole: str | None
    name: str | None


def _run(flow: str, said: _Given, data: Path | None, stage: str | None, *, wait: bool, json: bool) -> int:
    from tenuto.bootstrap import open_registry
    from tenuto.cli.driving import drive
    from tenuto.cli.files import flow_of, source_of
    from tenuto.cli.following import Manner, run_to_the_end
    from tenuto.cli.house import House, place_of, user
    from tenuto.service import runs
    from tenuto.service.inputs import prepare

    place, name = place_of(data, stage), said.name
    source = source_of(flow)
    document = flow_of(source, open_registry(place.settings, source.file.parent if source.file else None))
    given = prepare(document.input_schema, _input_of(document, said.pairs, said.whole))
    labels = {"file": str(source.file.absolute())} if source.file else {}

    async def begin(house: House) -> str:
        if name is not None:
            await house.archive.check_free(name)
        return await runs.start(house.engine, document, given, name=name, stage=place.settings.stage, labels=labels)

    manner = Manner(json, wait, ask=wait, words=place.words, by=user())
    return run_to_the_end(drive(place, begin, manner, source.file, document), manner)


def resume(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="A run's name or id. Default: every run that has not ended", show_default=False
        ),
    ] = None,
    data: Data = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> int:
    """Go on after a crash, repeating nothing that was recorded.

    Exit codes as of `run`; 0 where there is nothing to resume.
    """
    from tenuto.cli import driving
    from tenuto.cli.following import Manner, run_to_the_end
    from tenuto.cli.house import place_of, user

    place = place_of(data)
    manner = Manner(json, not no_wait, ask=not no_wait, words=place.words, by=user())
    return run_to_the_end(driving.resume(place, run, manner), manner)


def _input_of(document: Any, pairs: list[str], whole: str | None) -> object:
    from tenuto.service.inputs import from_pairs, read_json

    base = None if whole is None else read_json(_text_of(whole), "--input")
    return from_pairs(document.input_schema, pairs, base)


def _text_of(whole: str) -> str:
    import sys

    from tenuto.ports.engine import Refused

    if whole == "-":
        return sys.stdin.read()
    if not whole.startswith("@"):
        return whole
    try:
        return Path(whole[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Refused(
            "invalid",
            f"--input: {whole[1:]} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}",
        ) from None


def _check_name(name: str | None) -> None:
    from tenuto.ports.engine import Refused

    if name is not None and not (0 < len(name) <= 100 and name.isprintable() and name.strip() == name):
        raise Refused("invalid", f"--name: {name[:40]!r} is no name for a run", "use up to 100 printable characters")

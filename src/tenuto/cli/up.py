"""`tenuto up`: everything in one process, and what there is to see of it."""

import importlib
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tenuto.cli.options import AgentFolder, Data, FlowFolder


def register(app: typer.Typer) -> None:
    app.command("up")(up)


def up(
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Default: 8090; 0 takes any")] = None,
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen. Default: 127.0.0.1")
    ] = None,
    data: Data = None,
    flows: FlowFolder = None,
    agents: AgentFolder = None,
) -> int:
    """Start the server: the API, the runs of the data directory, its schedules.

    Every run that has not ended goes on where it was. Ctrl-c stops it; the next start takes up what was left.
    """
    from dataclasses import replace

    from tenuto.cli.house import place_of
    from tenuto.ports.engine import Refused

    place = place_of(data)
    asked = {"port": port, "host": host, "agents": agents}
    settings = replace(place.settings, **{name: value for name, value in asked.items() if value is not None})
    if port is not None and not 0 <= port <= 65_535:
        raise Refused("invalid", f"{port} is no port", "a port is a number from 0 (any) to 65535")
    if flows is not None and not flows.is_dir():
        raise Refused("invalid", f"there is no directory {flows}", "--flows names a folder with flows in it")
    if settings.agents is not None and not settings.agents.is_dir():
        raise Refused("invalid", f"there is no directory {settings.agents}", "--agents names a folder with agent files")
    server = importlib.import_module("tenuto.api.serve")  # by name: skins do not know each other
    return server.serve(settings, Screen(), flows)


class Screen:
    """What people see of a server, as it happens."""

    def __init__(self) -> None:
        from tenuto.cli.painting import Painter

        self._painter = Painter.for_stdout()

    def ready(self, ready: Any) -> None:
        from tenuto import __version__
        from tenuto.cli.look import duration, say
        from tenuto.cli.painting import Cell

        line, look = self._painter.line, self._painter.look
        say()
        line(Cell(f"{look.mark('start')} tenuto", "bold"), Cell(__version__, "bright_black"))
        say()
        docs = f"{ready.url}/docs" + (f"#token={ready.token}" if ready.token else "")
        for name, link in (("API", ready.url), ("Docs", docs)):
            line(Cell(f"  {name:<6}", "bright_black"), Cell(link, "cyan"))
        where = "made just now, shown this once; kept in" if ready.token else "in"
        line(Cell(f"  {'Token':<6}", "bright_black"), Cell(f"{where} {ready.token_file}"))
        name, why = ready.model
        line(Cell(f"  {'Model':<6}", "bright_black"), Cell(name), Cell(why, "bright_black"))
        self._files(ready.flows)
        self._files(ready.agents)
        for warning in ready.warnings:
            line(Cell("  !", "yellow"), Cell(warning, "yellow"))
        say()
        line(Cell(f"  ready in {duration(ready.seconds)}; ctrl-c stops", "bright_black"))

    def recovered(self, what: Mapping[str, Any]) -> None:
        from tenuto.cli.house import Recovered
        from tenuto.cli.recovered import recovered_lines

        for text in recovered_lines(Recovered(**what), self._painter.look):
            self.said(text, mark=False)

    def said(self, text: str, *, mark: bool = True) -> None:
        from tenuto.cli.look import safe, say

        say(f"{'  ' if mark else ''}{safe(text)}")

    def _files(self, files: Mapping[str, str]) -> None:
        from tenuto.cli.look import say
        from tenuto.cli.painting import Cell

        if not files:
            return
        say()
        width = max(map(len, files))
        for name, file in files.items():
            mark = self._painter.look.mark("succeeded")
            self._painter.line(Cell(f"  {mark}", "green"), Cell(f"{name:<{width}}", "bold"), Cell(file, "bright_black"))

"""Importing what authors wrote, so that whatever goes wrong is one sentence with file and line, never a traceback."""

import importlib
import traceback
from types import ModuleType

from tenuto.sdk.errors import BrokenNode


def load(module: str, what: str, *, file: str = "", install: str = "") -> ModuleType:
    """Import `module`. `what` names what it holds; `install` is the line for pip if something of its own is missing."""
    try:
        return importlib.import_module(module)
    except BrokenNode:
        raise
    except ModuleNotFoundError as error:
        raise _missing(error, module, what, file, install) from None
    except ImportError as error:
        hint = "`from tenuto.sdk import node`" if error.name == "tenuto" else ""
        raise BrokenNode(f"{what} does not load: {_told(error)}", where=_line_of(error, file), hint=hint) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  an author's module may do anything while it is imported
        raise BrokenNode(f"{what} does not load: {_told(error)}", where=_line_of(error, file)) from None


def _missing(error: ModuleNotFoundError, module: str, what: str, file: str, install: str) -> BrokenNode:
    name = error.name or ""
    if name == module or module.startswith(f"{name}."):
        return BrokenNode(f"{what} should be in the module {module}, which is not there", where=file)
    hint = f"pip install '{install or name.split('.', 1)[0]}'"
    return BrokenNode(f"{what} needs the module {name}, which is not installed", where=_line_of(error, file), hint=hint)


def _told(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _line_of(error: BaseException, file: str) -> str:
    """Where in the author's own files it happened: the last frame that is not the import machinery."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    own = [frame for frame in frames if frame.filename == file] or frames[1:]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else file

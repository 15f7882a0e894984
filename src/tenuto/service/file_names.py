"""Names of files as somebody said them, made such that they can stand in a header and in a folder."""

import re
from typing import Final

LONGEST: Final = 200


def plain_name(said: str) -> str:
    """The last part of a path, without what cannot be printed or turns the reading direction."""
    last = re.split(r"[/\\]", said)[-1]
    shown = "".join(sign for sign in last if sign.isprintable())[:LONGEST].strip(" .")
    return shown or "file"

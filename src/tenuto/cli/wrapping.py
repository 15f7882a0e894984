"""Text that comes in pieces, set in lines of one width behind a margin: a terminal would break words, and forget the margin."""

from rich.cells import cell_len

_NARROW = 20


class Wrapping:
    """What `add` and `end` answer is written as it stands. A word is held back until it is whole."""

    def __init__(self, width: int, margin: str = "  ") -> None:
        self._room = max(width - len(margin), _NARROW)
        self._margin = margin
        self._column = 0  # behind the margin
        self._fresh = True  # nothing stands in this line yet, the margin neither
        self._word = ""
        self._gap = ""

    @property
    def open(self) -> bool:
        """Whether a line has begun and not ended."""
        return not self._fresh

    def add(self, text: str) -> str:
        return "".join(self._taken(char) for char in text)

    def end(self) -> str:
        """The last word, and the end of its line if one has begun."""
        said = self._flushed()
        return said if self._fresh else said + self._broken()

    def _taken(self, char: str) -> str:
        if char == "\n":
            return self._flushed() + self._broken()
        if char in " \t":
            said = self._flushed()
            self._gap += char
            return said
        self._word += char
        return self._flushed() if cell_len(self._word) >= self._room else ""

    def _flushed(self) -> str:
        word, self._word = self._word, ""
        if not word:
            return ""
        gap, self._gap = self._gap, ""
        width = cell_len(word)
        broken = ""
        if self._column and self._column + len(gap) + width > self._room:
            broken, gap = self._broken(), ""
        margin = self._margin if self._fresh else ""
        self._fresh = False
        self._column += len(gap) + width
        return f"{broken}{margin}{gap}{word}"

    def _broken(self) -> str:
        self._column, self._fresh, self._gap = 0, True, ""
        return "\n"

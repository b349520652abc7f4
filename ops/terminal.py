"""All that commands print: what comes from documents, records and servers can't steer the terminal.

An escape sequence from a heading or a header could clear the screen, write to the clipboard or set the window's
title; an override of the writing direction shows another name than there is. Such characters are shown as escapes.
"""

import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

_STEERING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u00ad\u061c\u180e\u200b-\u200f\u2060-\u206f\ufeff"  # of no width; marks and isolates of a writing direction
    "\u2028-\u202e"  # separators of lines and paragraphs, embeddings and overrides of a writing direction
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # annotations; tags, which hide text in what looks empty
    "\ud800-\udfff"  # surrogates, which no terminal's encoding has
)
_IN_LINES = re.compile(f"[{_STEERING}]")
_IN_A_LINE = re.compile(f"[\n{_STEERING}]")


def printable(text: str) -> str:
    """One line of text in which every character that would steer a terminal, or end the line, is an escape."""
    return _IN_A_LINE.sub(_escaped, text)


def say(*lines: str) -> None:
    """Print lines on standard output."""
    _write(sys.stdout, lines)


def say_error(*lines: str) -> None:
    """Print lines on standard error."""
    _write(sys.stderr, lines)


def say_json(document: bytes | str) -> None:
    """Print a JSON document on standard output, in one line; it has JSON's escapes for what would steer a terminal."""
    text = document.decode() if isinstance(document, bytes) else document
    sys.stdout.write(_IN_A_LINE.sub(_escaped_in_json, text) + "\n")
    sys.stdout.flush()


class SafeConsole(Console):
    """A console for tables and bars, on which a text is neither markup nor a command to the terminal."""

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, soft_wrap=soft_wrap, width=width, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text of a table's cell, escaped before it is laid out: a cell is as wide as what is shown of it."""
        return super().render_str(_IN_LINES.sub(_escaped, text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of anything; rich's own commands, as those that move a bar's cursor, stay as they are."""
        for segment in super().render(renderable, options):
            if segment.control is None and _IN_LINES.search(segment.text):
                yield Segment(_IN_LINES.sub(_escaped, segment.text), segment.style)
            else:
                yield segment


def _write(stream: TextIO, lines: Iterable[str]) -> None:
    stream.writelines(printable(line) + "\n" for line in lines)
    stream.flush()


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _escaped_in_json(found: re.Match[str]) -> str:
    code = ord(found[0])
    units = [code] if code < 0x10000 else [0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF)]
    return "".join(f"\\u{unit:04x}" for unit in units)


def tolerate_encodings() -> None:
    """Have characters that the terminal's encoding lacks printed as escapes, where they would end the command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")

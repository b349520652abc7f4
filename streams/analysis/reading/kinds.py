"""What a document is that is no annual or quarterly report: another form, an exhibit, a viewer's shell, a cover."""

import re
from collections.abc import Sequence
from itertools import islice

from streams.analysis.reading.blocks import Block

_FRONT = 6_000
"""Characters in which a document says what it is."""

_MOST_BLOCKS = 200
_LONGEST_NAME = 90
"""Characters of a line that names the form; a sentence that mentions one is longer."""

_SHELL = 3_000
"""Characters of text: a viewer's shell loads the filing by a script and has none of it."""

_COVER = 12_000
"""Characters of text: a report with any item in it is longer than its cover."""

_REPORT = re.compile(
    r"(?:\W*(?:form|report\s+on\s+form))?\W*(?:10-?[KQ]|20-?F|40-?F)|\W*annual\s+report\s+pursuant|\W*form\s+10",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"""\W*(?:form\s+)?(?P<form>S-(?:1|3|4|8|11)(?:ASR|MEF)?|F-(?:1|3|4)|8-?K|6-?K|11-?K|13F|N-CSR|(?:DEF|PRE|DEFA|DEFM)\s?14[AC]|424B\d)
        (?:/A)?(?:\W*\Z|\W{1,5}(?:registration|current\s+report|proxy|report\s+of)\b)
        |\W*(?P<schedule>schedule\s+(?:14[AC]|13[DGE]|TO))\b.{0,40}\Z
        |\W*(?:notice\s+of\s+annual\s+meeting\b.{0,60}|proxy\s+statement\s+pursuant\s+to.{0,60}|registration\s+statement)\W*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_EXHIBIT = re.compile(r"\W*ex(?:hibit)?[\s.-]{0,3}(?:no\.?\s{0,3})?(\d{1,3}(?:\.\d{1,3})?)\b", re.IGNORECASE)
_OTHER_TYPE = re.compile(
    r"(?:[SF]-\d|[68]-?K|11-?K|N-|NT |DEF|PRE|424|497|SC |SCHEDULE|13F|POS|CORRESP|UPLOAD|10-12|8-A|[345]\Z)",
    re.IGNORECASE,
)
"""How the types of a submission's documents start that are no annual or quarterly reports."""

_VIEWER = re.compile(rb"ixviewer|/ix\?doc=|inline\s{1,3}xbrl\s{1,3}viewer", re.IGNORECASE)


def other_form(wrapper: str, blocks: Sequence[Block]) -> str:
    """The form of a document that is neither an annual nor a quarterly report; empty if it may be one.

    `wrapper` is the form that the submission names, empty without one.
    """
    if wrapper:
        return wrapper if _OTHER_TYPE.match(wrapper) else ""
    for text in _front(blocks):
        if len(text) > _LONGEST_NAME:
            continue
        if _REPORT.match(text):
            return ""
        if match := _OTHER.match(text):
            return " ".join((match["form"] or match["schedule"] or "proxy or registration statement").upper().split())
    return ""


def exhibit(wrapper: str, blocks: Sequence[Block]) -> str:
    """The number of the exhibit that the document is; empty if it is none."""
    texts = [wrapper] if wrapper else list(islice(_front(blocks), 3))
    for text in texts:
        match = _EXHIBIT.match(text) if len(text) <= _LONGEST_NAME else None
        if match:
            return match[1]
    return ""


def hint(data: bytes, blocks: Sequence[Block], *, form: str, other: str, exhibit_number: str) -> str:
    """Why a document without Item 1A may have none, in a sentence for a person; empty if nothing shows."""
    if other:
        return f"This is a {other}, no annual or quarterly report."
    if exhibit_number:
        return f"This is exhibit {exhibit_number} of a filing, not its main document."
    length = sum(len(block.text) for block in blocks)
    if length < _SHELL and _VIEWER.search(data):
        return "This is the shell of an XBRL viewer; the filing itself is the document that the viewer loads."
    if form and length < _COVER:
        return f"This is only the cover of a {form}; the report is in another document of the filing."
    return ""


def _front(blocks: Sequence[Block]) -> list[str]:
    texts: list[str] = []
    length = 0
    for block in islice(blocks, _MOST_BLOCKS):
        texts.append(block.text)
        length += len(block.text)
        if length > _FRONT:
            break
    return texts

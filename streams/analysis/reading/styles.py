"""The look of a stretch of text: what the tags and CSS around it make of it, inherited as browsers do."""

import re
from typing import NamedTuple

from lxml.etree import _Element

_BOLD = re.compile(r"\b(?:bold|bolder|[6-9]00)\b")
_NOT_BOLD = re.compile(r"\s*+(?:normal|lighter|[1-5]00)\b")
_ITALIC = re.compile(r"\b(?:italic|oblique)\b")
_SIZE = re.compile(r"(?<![\d.])(\d{1,6}+(?:\.\d{1,6}+)?+)\s{0,9}(pt|px|%|em|rem)")

_CLASS = re.compile(r"[a-z\d]*+\.([\w-]++)", re.IGNORECASE)
_LONGEST_CSS = 200_000
_LONGEST_STYLE = 2_000
"""Characters of a style attribute, of a rule's selectors and declarations, and of all that is said of a class."""

_MOST_CLASSES = 20
"""Of an element; one that names a class again and again would have a style of gigabytes."""

_BOLD_TAGS = frozenset(["b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"])
_ITALIC_TAGS = frozenset(["i", "em", "cite", "dfn", "var"])
_UNDERLINE_TAGS = frozenset(["u", "ins"])
_FONT_SIZES = {"1": 7.5, "2": 10.0, "3": 12.0, "4": 13.5, "5": 18.0, "6": 24.0, "7": 36.0}
_HEADING_SIZES = {"h1": 24.0, "h2": 18.0, "h3": 14.0, "h4": 12.0, "h5": 10.0, "h6": 8.0}
_PIXELS_PER_POINT = 4 / 3
_DEFAULT_SIZE = 12.0
_LARGEST_SIZE = 1000.0
_SIDES = ("left", "right", "center", "justify")


class Style(NamedTuple):
    """How a character looks. `size` is in points."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    caps: bool = False
    size: float = _DEFAULT_SIZE
    align: str = ""


PLAIN = Style()

_Key = tuple[Style, str, str | None, str | None, str | None, str | None]
"""The style around an element, and what of it can change the style inside."""


class Styles:
    """Looks styles up, each element once, and each combination of attributes once."""

    def __init__(self, css: str = "") -> None:
        self._known: dict[_Element, Style] = {}
        self._derived: dict[_Key, Style] = {}
        self._classes = _classes(css)

    def of(self, element: _Element | None, *, after: bool = False) -> Style:
        """The style of the text in an element, or of the text `after` its end, which is its parent's."""
        if element is not None and after:
            element = element.getparent()
        chain = []
        while element is not None and element not in self._known:
            chain.append(element)
            element = element.getparent()
        style = PLAIN if element is None else self._known[element]
        for inner in reversed(chain):
            key = (style, inner.tag, self._class_css(inner), inner.get("style"), inner.get("align"), inner.get("size"))
            derived = self._derived.get(key)
            if derived is None:
                derived = self._derived[key] = _derive(*key)
            self._known[inner] = style = derived
        return style

    def _class_css(self, element: _Element) -> str | None:
        """What the style sheets say of the element's classes."""
        if not self._classes:
            return None
        names = (element.get("class") or "")[:_LONGEST_STYLE].split()
        return ";".join([self._classes[name] for name in names[:_MOST_CLASSES] if name in self._classes]) or None


def _classes(css: str) -> dict[str, str]:
    """The declarations of every class that a rule names by itself or with a tag; other selectors are left out."""
    declarations: dict[str, str] = {}
    for rule in css[:_LONGEST_CSS].split("}"):
        before, _, said = rule.rpartition("{")
        # Behind an outer rule's brace, as that of a media query.
        selectors = before.rpartition("{")[2][-_LONGEST_STYLE:]
        if not said or len(said) > _LONGEST_STYLE:
            continue
        for selector in selectors.split(","):
            if name := _CLASS.fullmatch(selector.strip()):
                earlier = declarations.get(name[1], "")
                if len(earlier) + len(said) <= _LONGEST_STYLE:
                    declarations[name[1]] = f"{earlier};{said}"
    return declarations


def _derive(style: Style, tag: str, css: str | None, inline: str | None, align: str | None, size: str | None) -> Style:
    """The style inside an element of this tag and these attributes, where `style` is around it."""
    if tag in _BOLD_TAGS:
        style = style._replace(bold=True)
    if tag in _ITALIC_TAGS:
        style = style._replace(italic=True)
    if tag in _UNDERLINE_TAGS:
        style = style._replace(underline=True)
    if tag in _HEADING_SIZES:
        style = style._replace(size=_HEADING_SIZES[tag])
    if tag == "center":
        style = style._replace(align="center")
    if tag == "font" and size is not None:
        style = style._replace(size=_FONT_SIZES.get(size, style.size))
    if align:
        style = style._replace(align=align.lower())
    if css:
        style = _with_css(css, style)
    return _with_css(inline, style) if inline else style


def _with_css(css: str, style: Style) -> Style:
    """The style after a `style` attribute."""
    said = _declared(css)
    # By the property's whole name: Word writes `mso-bidi-font-weight: normal` beside every bold heading, for Arabic.
    font, weight = said.get("font", ()), said.get("font-weight", ())
    slants, sizes = said.get("font-style", ()), said.get("font-size", ())
    lines = (*said.get("text-decoration", ()), *said.get("text-decoration-line", ()))
    bold = any(map(_BOLD.search, (*font, *weight))) or (style.bold and not any(map(_NOT_BOLD.match, weight)))
    italic = any(map(_ITALIC.search, (*font, *slants))) or (
        style.italic and not any(slant.lstrip().startswith("normal") for slant in slants)
    )
    underline = any("underline" in line for line in lines) or (
        style.underline and not any(line.lstrip().startswith("none") for line in lines)
    )
    caps = style.caps or any(
        value.lstrip().startswith(word)
        for name, word in (("text-transform", "uppercase"), ("font-variant", "small-caps"))
        for value in said.get(name, ())
    )
    size = next(filter(None, map(_SIZE.search, (*font, *sizes))), None)
    return Style(
        bold,
        italic,
        underline,
        caps,
        _points(float(size[1]), size[2], style.size) if size else style.size,
        next(filter(None, map(_alignment, said.get("text-align", ()))), style.align),
    )


def _declared(css: str) -> dict[str, list[str]]:
    """What each property is declared as, in lower case and in order."""
    declared: dict[str, list[str]] = {}
    for declaration in css[:_LONGEST_STYLE].lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            declared.setdefault(name.strip(), []).append(value)
    return declared


def _alignment(value: str) -> str | None:
    return next((side for side in _SIDES if value.lstrip().startswith(side)), None)


def _points(value: float, unit: str, inherited: float) -> float:
    """The size in points, 0 to 1,000: sizes that multiply from element to element would grow beyond a float."""
    factor = {"pt": 1.0, "px": 1 / _PIXELS_PER_POINT, "%": inherited / 100, "em": inherited, "rem": _DEFAULT_SIZE}[unit]
    return min(value * factor, _LARGEST_SIZE)

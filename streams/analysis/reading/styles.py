"""The look of a stretch of text: what the tags and CSS around it make of it, inherited as browsers do."""

import re
from typing import NamedTuple

from lxml.etree import _Element

# A property starts at a declaration: Word writes `mso-bidi-font-weight: normal` beside every bold heading, for Arabic.
_BOLD = re.compile(r"(?<![\w-])font(?:-weight)?\s*:[^;]*?\b(?:bold|bolder|[6-9]00)\b", re.IGNORECASE)
_NOT_BOLD = re.compile(r"(?<![\w-])font-weight\s*:\s*(?:normal|lighter|[1-5]00)\b", re.IGNORECASE)
_ITALIC = re.compile(r"(?<![\w-])font(?:-style)?\s*:[^;]*?\b(?:italic|oblique)\b", re.IGNORECASE)
_NOT_ITALIC = re.compile(r"(?<![\w-])font-style\s*:\s*normal", re.IGNORECASE)
_UNDERLINE = re.compile(r"(?<![\w-])text-decoration(?:-line)?\s*:[^;]*\bunderline", re.IGNORECASE)
_NOT_UNDERLINED = re.compile(r"(?<![\w-])text-decoration(?:-line)?\s*:\s*none", re.IGNORECASE)
_SIZE = re.compile(r"(?<![\w-])font(?:-size)?\s*:[^;]*?(\d+(?:\.\d+)?)\s*(pt|px|%|em|rem)", re.IGNORECASE)
_UPPER = re.compile(r"text-transform\s*:\s*uppercase|font-variant\s*:\s*small-caps", re.IGNORECASE)
_ALIGN = re.compile(r"(?<![\w-])text-align\s*:\s*(left|right|center|justify)", re.IGNORECASE)

_RULE = re.compile(r"([^{}]{1,2000})\{([^{}]{0,2000})\}")
_CLASS = re.compile(r"[a-z\d]*\.([\w-]+)", re.IGNORECASE)
_LONGEST_CSS = 200_000

_BOLD_TAGS = frozenset(["b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"])
_ITALIC_TAGS = frozenset(["i", "em", "cite", "dfn", "var"])
_UNDERLINE_TAGS = frozenset(["u", "ins"])
_FONT_SIZES = {"1": 7.5, "2": 10.0, "3": 12.0, "4": 13.5, "5": 18.0, "6": 24.0, "7": 36.0}
_HEADING_SIZES = {"h1": 24.0, "h2": 18.0, "h3": 14.0, "h4": 12.0, "h5": 10.0, "h6": 8.0}
_PIXELS_PER_POINT = 4 / 3
_DEFAULT_SIZE = 12.0


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
        names = (element.get("class") or "").split()
        return ";".join([self._classes[name] for name in names if name in self._classes]) or None


def _classes(css: str) -> dict[str, str]:
    """The declarations of every class that a rule names by itself or with a tag; other selectors are left out."""
    declarations: dict[str, str] = {}
    for rule in _RULE.finditer(css[:_LONGEST_CSS]):
        for selector in rule[1].split(","):
            if name := _CLASS.fullmatch(selector.strip()):
                declarations[name[1]] = f"{declarations.get(name[1], '')};{rule[2]}"
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
    bold = _BOLD.search(css) is not None or (style.bold and not _NOT_BOLD.search(css))
    italic = _ITALIC.search(css) is not None or (style.italic and not _NOT_ITALIC.search(css))
    underline = _UNDERLINE.search(css) is not None or (style.underline and not _NOT_UNDERLINED.search(css))
    caps = style.caps or _UPPER.search(css) is not None
    align = _ALIGN.search(css)
    size = _SIZE.search(css)
    return Style(
        bold,
        italic,
        underline,
        caps,
        _points(float(size[1]), size[2].lower(), style.size) if size else style.size,
        align[1].lower() if align else style.align,
    )


def _points(value: float, unit: str, inherited: float) -> float:
    if unit == "pt":
        return value
    if unit == "px":
        return value / _PIXELS_PER_POINT
    if unit == "%":
        return inherited * value / 100
    return inherited * value if unit == "em" else _DEFAULT_SIZE * value

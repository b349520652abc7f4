"""What a heading's words say it is: the statement of a risk, the title of a group of them, or neither."""

import re

_STATEMENT = re.compile(
    r"""\b(?:may|might|could|can|cannot|will|would|should|must|is|are|was|were|has|have|had|do|does|be|been|if
        |depends?|rel(?:y|ies)|faces?|fails?|harms?|affects?|impacts?|subjects?|exposes?|requires?|competes?|operates?|becomes?|loses?
        |experiences?|incurs?|increases?|limits?|reduces?|contains?|makes?|suffers?|remains?|continues?|involves?|presents?|poses?
        |places?|prevents?|results?|conducts?|uses?|needs?|owns?|sells?|derives?|participates?|serves?|holds?|carry|carries|provides?
        |compete|threatens?|adversely|negatively|unable|failure|inability|loss\s+of|lack\s+of|changes?\s+in)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_MODAL = re.compile(
    r"\b(?:may|might|could|can|cannot|will|would|should|is|are|was|were|has|have|had|depends?|faces?|affects?|subjects?|exposes?)\b",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"""(?:(?:general|other|additional|certain|specific|key|principal|the|our|summary\s+of|company-specific)\s+)*
        risks?(?:\s+factors?)?(?:\s+and\s+uncertainties)?(?:\s+that\s+are)?\s+
        (?:specifically\s+|primarily\s+|generally\s+)?
        (?:relat(?:ed|ing)|associated|regarding|concerning|pertaining|inherent|arising|specific|involving|connected|in\s+connection|from|of
          |affecting|applicable|to|in|about|common|unique|particular|resulting|surrounding|attendant|incident)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ENDS_AS_GROUP = re.compile(r"(?:risks?|risk\s+factors?|uncertainties|matters|considerations)\W*\Z", re.IGNORECASE)
_NOT_A_RISK = re.compile(
    r"""\W*(?:(?:special|cautionary|important|explanatory|safe\s+harbor)\s+(?:note|notes|notice|statements?|information|language|factors)\b
        |(?:note|notice|statement|statements|disclosure|information|caution)\s+(?:regarding|about|concerning|on|relating)\b.{0,40}forward
        |.{0,60}forward[\s-]looking\s+(?:statements?|information)\b.{0,60}\Z
        |where\s+(?:you\s+can|to)\s+find|available\s+information|glossary|table\s+of\s+contents|safe\s+harbor|overview\W*\Z|introduction\W*\Z
        |general\W*\Z|notes?\W*\Z)""",
    re.IGNORECASE | re.VERBOSE,
)
_SUMMARY = re.compile(
    r"""\W*(?:(?:risk\s+factors?|risks)\s+summary|summary\s+(?:of\s+)?(?:the\s+|our\s+|material\s+|principal\s+|key\s+|certain\s+|selected\s+)*
        (?:risks?|risk\s+factors?|risks\s+and\s+uncertainties)\b.{0,60}\Z|summary\W*\Z|(?:principal|key|material)\s+risks?\s+summary)""",
    re.IGNORECASE | re.VERBOSE,
)
_FULL_LIST = re.compile(
    r"\W*(?:item\s*1a[\s.:\u2013\u2014-]*)?(?:full\s+|detailed\s+|discussion\s+of\s+(?:our\s+)?)?risk\s+factors?\W*\Z",
    re.IGNORECASE,
)
_BREAKS_OFF = re.compile(
    r"(?:,|\b(?:and|or|of|the|to|our|in|for|with|a|an|by|that|which|may|could|as|on|at|from|its|their|be|is|are|any|we|will|not))\s*\Z",
    re.IGNORECASE,
)
_SHORTEST_STATEMENT = 25
_LONGEST_GROUP = 160
_WORDS_OF_A_TITLE = 12


def states_a_risk(text: str) -> bool:
    """Whether the text is a sentence or clause about what may happen, rather than a topic."""
    return len(text) >= _SHORTEST_STATEMENT and _STATEMENT.search(text) is not None and not names_a_group(text)


def names_a_group(text: str) -> bool:
    """Whether the text is a title like "Risks Related to Our Business" or "Financial Risks"."""
    if len(text) > _LONGEST_GROUP:
        return False
    if _GROUP.match(text.lstrip(" \u201c\"'([")):
        return _MODAL.search(text) is None
    return (
        _ENDS_AS_GROUP.search(text) is not None
        and len(text.split()) <= _WORDS_OF_A_TITLE
        and _STATEMENT.search(text) is None
    )


def is_no_risk(text: str) -> bool:
    """Whether it heads something else that stands in Item 1A: notes on forward-looking statements and the like."""
    return len(text) <= _LONGEST_GROUP and _NOT_A_RISK.match(text) is not None


def heads_a_summary(text: str) -> bool:
    """Whether it heads a summary of the risk factors, which new filings put before them."""
    return len(text) <= _LONGEST_GROUP and _SUMMARY.match(text) is not None


def heads_the_full_list(text: str) -> bool:
    """Whether it says no more than "Risk Factors", as above the full text that follows a summary."""
    return len(text) <= _LONGEST_GROUP and _FULL_LIST.match(text) is not None


def goes_on(text: str, following: str) -> bool:
    """Whether a heading breaks off, so that the next one goes on with it."""
    return following[:1].islower() or _BREAKS_OFF.search(text) is not None

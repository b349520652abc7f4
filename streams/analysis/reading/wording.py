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
_HAZARD = re.compile(
    r"""\b(?:may|might|could|would|can(?:not)?|unable|fails?|failure|depends?|dependen(?:t|ce)|rel(?:y|ies)|subject\s+to|exposed?|exposure|expose[sd]?
        |risks?|faces?|compet(?:e|es|ition|itive|itors)|adverse(?:ly)?|harm|loss(?:es)?|decline|volatile|volatility|uncertain(?:ty)?|no\s+assurance
        |difficult(?:y|ies)?|limited|intense|vulnerable|threat(?:en|ens)?|impair|reduce|disrupt(?:ion|ions)?|litigation|not\s+be\s+able)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SINGLE_RISK = re.compile(r"(?:the\s+)?(?:risk\s+(?:of|from|that|to|in|with)|risks\s+(?:of|from))\b", re.IGNORECASE)
_CARRIES_ON = re.compile(
    r"""(?:in\s+addition|additionally|accordingly|as\s+a\s+result|however|moreover|furthermore|further,|for\s+(?:example|instance)|these|this|those|such
        |therefore|thus|consequently|similarly|finally|generally,|also,|any\s+of\s+(?:these|the\s+(?:above|foregoing))|the\s+foregoing|see|note|we\s+believe|pursuant\s+to
        |the\s+occurrence\s+of\s+any|(?:as\s+of|on|in|during|at)\s+(?:the\s+(?:date|year|quarter|three)|fiscal|january|february|march|april|june|july|august
          |september|october|november|december|may\s+\d|(?:19|20)\d\d)|for\s+(?:the\s+(?:year|quarter)|fiscal))(?![a-z])""",
    re.IGNORECASE | re.VERBOSE,
)
_INTRODUCES = re.compile(
    r"""(?:consider|read|review|evaluate)\b.{0,80}\b(?:following|risks?|factors|uncertainties)\b
        |(?:following|these)\s+(?:discussion|risks?(?:\s+factors)?|factors|uncertainties)\b|(?:risks?|risk\s+factors|factors)\s+(?:described|discussed|set\s+forth|listed|identified)\s+(?:below|above|in|under)
        |(?:described|discussed|set\s+(?:forth|out)|listed|presented)\s+below\b""",
    re.IGNORECASE | re.VERBOSE,
)
_OPENS = re.compile(
    r"""(?:high|significant|substantial|great)\s+degree\s+of\s+risk|before\s+(?:you\s+)?(?:invest|buy|purchas|mak|decid)
        |(?:investing|investment)\s+in\s+(?:our|the\s+company|us)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_LIST_OF_OTHERS = re.compile(
    r"\W*(?:additional|other|further|certain\s+other)\W{1,3}(?:risks?(?:\s+factors?)?|factors?|uncertainties)\b.{0,60}\b(?:includes?|follow(?:s|ing))\b",
    re.IGNORECASE,
)
_OTHER_RISKS = re.compile(
    r"\W*(?:other|additional|further)\s+(?:risks?|risk\s+factors|uncertainties)(?:\s+and\s+uncertainties)?\W*\Z",
    re.IGNORECASE,
)
_CONNECTS = re.compile(
    r"(?:of|or|and|to|for|in|on|with|could|may|might|can|from|by|that|which|is|are|relat(?:ed|ing)|associated|affecting|concerning|regarding|inherent)\b",
    re.IGNORECASE,
)
_SHORTEST_STATEMENT = 25
_LONGEST_GROUP = 160
_LAST_WORD = 20
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


def names_one_risk(text: str) -> bool:
    """Whether a title like "Risk of Loss of Customers" names one risk, though it starts as a group's does."""
    return _SINGLE_RISK.match(text) is not None


def states_a_hazard(text: str) -> bool:
    """Whether a sentence is about harm that may come; narrower than `states_a_risk`, for text that nothing marks."""
    return len(text) >= _SHORTEST_STATEMENT and _HAZARD.search(text) is not None


def carries_on(text: str) -> bool:
    """Whether a sentence starts as the text of a paragraph does that goes on with what was said, and no heading."""
    return _CARRIES_ON.match(text) is not None


def introduces(text: str) -> bool:
    """Whether the text tells the reader to consider the risks that follow."""
    return _INTRODUCES.search(text) is not None


def opens_the_item(text: str) -> bool:
    """Whether the text speaks of the investment as a whole, as an introduction does and also some risk factors."""
    return introduces(text) or _OPENS.search(text) is not None


def names_the_rest(text: str) -> bool:
    """Whether it heads what is said last of risks that are not described: "Other Risks"."""
    return _OTHER_RISKS.match(text) is not None


def is_no_risk(text: str) -> bool:
    """Whether it heads something else that stands in Item 1A: notes on forward-looking statements and the like."""
    if _LIST_OF_OTHERS.match(text[:_LONGEST_GROUP]):
        return True
    return len(text) <= _LONGEST_GROUP and _NOT_A_RISK.match(text) is not None


def heads_a_summary(text: str) -> bool:
    """Whether it heads a summary of the risk factors, which new filings put before them."""
    return len(text) <= _LONGEST_GROUP and _SUMMARY.match(text) is not None


def heads_the_full_list(text: str) -> bool:
    """Whether it says no more than "Risk Factors", as above the full text that follows a summary."""
    return len(text) <= _LONGEST_GROUP and _FULL_LIST.match(text) is not None


def breaks_off(text: str) -> bool:
    """Whether a heading ends in the middle of a sentence."""
    return _BREAKS_OFF.search(text[-_LAST_WORD:]) is not None


def connects(text: str) -> bool:
    """Whether the text starts as the second half of a title does, also in capitals."""
    return _CONNECTS.match(text) is not None


def goes_on(text: str, following: str) -> bool:
    """Whether a heading breaks off, so that the next one goes on with it."""
    return following[:1].islower() or breaks_off(text)

"""Another analysis in the real one's place."""

import pytest

from streams.analysis_port import load_analysis
from tests.system.analyses import empty


def test_an_analysis_is_named_by_module_and_function() -> None:
    assert load_analysis("tests.system.analyses:empty") is empty


@pytest.mark.parametrize(
    "path",
    ["no_such_module:empty", "tests.system.analyses:no_such_function", "tests.system.analyses", ":empty", "", ":"],
)
def test_a_name_of_nothing_is_refused_with_the_setting_and_the_name(path: str) -> None:
    with pytest.raises(ValueError, match=f"SIGMAK_ANALYSIS: there is no {path}"):
        load_analysis(path)


def test_what_can_not_be_called_is_refused_before_any_filing_fails_on_it() -> None:
    with pytest.raises(ValueError, match="is no function"):
        load_analysis("os:sep")

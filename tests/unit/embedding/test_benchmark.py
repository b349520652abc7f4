from streams.analysis.embedding.backends import load_model
from streams.analysis.embedding.benchmark import Measured, recommended, sample_paragraphs
from streams.analysis.embedding.model_files import packaged_model
from streams.analysis.embedding.network import Backend, Precision


def row(setting: tuple[Backend, Precision] | None, speed: float, cosine: float) -> Measured:
    return Measured("runtime", setting, speed, cosine)


def test_the_fastest_setting_that_is_exact_enough_is_recommended() -> None:
    rows = [
        row(None, 900.0, 1.0),
        row(("torch", "f32"), 10.0, 1.0),
        row(("onnx", "f32"), 50.0, 0.9995),
        row(("openvino", "bf16"), 90.0, 0.998),
    ]
    assert recommended(rows) == ("onnx", "f32")


def test_the_sample_paragraphs_differ() -> None:
    assert len(set(sample_paragraphs())) == len(sample_paragraphs())


def test_a_paragraph_of_the_sample_is_measured_whole_and_without_filler() -> None:
    model = load_model(packaged_model(), "openvino", "f32", 1)
    lengths = [len(model.tokenizer.encode(text).ids) for text in sample_paragraphs()]
    assert 150 < min(lengths) < max(lengths) < model.window

from streams.analysis.embedding.benchmark import Measured, recommended, sample_paragraphs


def row(setting: str, speed: float, cosine: float, *, offered: bool = True) -> Measured:
    return Measured(setting, "bf16" if offered else None, speed, cosine)


def test_the_fastest_precision_that_is_exact_enough_is_recommended() -> None:
    rows = [
        row("reference", 900.0, 1.0, offered=False),
        row("exact", 10.0, 1.0),
        row("fast", 50.0, 0.9995),
        row("rough", 90.0, 0.998),
    ]
    assert recommended(rows).setting == "fast"


def test_the_sample_paragraphs_differ() -> None:
    assert len(set(sample_paragraphs())) == len(sample_paragraphs())

"""Loading a model for the backend that a setting names."""

from pathlib import Path

from streams.analysis.embedding.network import Backend, LoadedModel, Precision, check_offered


def load_model(model: Path, backend: Backend, precision: Precision, threads: int) -> LoadedModel:
    """The model in this folder, ready to compute.

    Raises:
        ValueError: where the backend does not compute in this precision.
        BackendNotInstalled: naming the packages that are missing.
        ModelConversionError: there is no such model, or the backend can't take it.
    """
    check_offered(backend, precision)
    # Imported here: a worker holds one runtime in memory, not three.
    if backend == "openvino":
        from streams.analysis.embedding.openvino_network import load_openvino_model

        return load_openvino_model(model, precision, threads)
    if backend == "torch":
        from streams.analysis.embedding.torch_network import load_torch_model

        return load_torch_model(model, precision, threads)
    from streams.analysis.embedding.onnx_network import load_onnx_model

    return load_onnx_model(model, threads)

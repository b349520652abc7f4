"""OpenVINO without its telemetry."""

import sys
from types import ModuleType


def load_openvino() -> ModuleType:
    """The `openvino` module, imported at the first call.

    Importing it reports each start to its makers, over the network; where the telemetry package can't be
    imported, it does without.
    """
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # its import now raises ImportError
    import openvino

    module: ModuleType = openvino
    return module

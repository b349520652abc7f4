"""What the embedded store uses of LanceDB, imported without the client of its remote catalogues.

Nothing here asks a remote catalogue, and the checks of that client's methods, which pydantic builds at its import,
were 0.9 of the 2.1 s of processor time that LanceDB took to import, in each worker's start.
"""

import importlib.util
import sys


def _leave_out(package: str) -> None:
    """Let the package's modules be imported, but not what its `__init__` gathers from all of them."""
    spec = importlib.util.find_spec(package)
    if spec is not None and package not in sys.modules:
        sys.modules[package] = importlib.util.module_from_spec(spec)


_leave_out("lance_namespace_urllib3_client")

from lancedb import connect  # noqa: E402
from lancedb.expr import Expr, col, lit  # noqa: E402
from lancedb.index import BTree  # noqa: E402
from lancedb.query import LanceVectorQueryBuilder  # noqa: E402
from lancedb.table import Table  # noqa: E402

__all__ = ["BTree", "Expr", "LanceVectorQueryBuilder", "Table", "col", "connect", "lit"]

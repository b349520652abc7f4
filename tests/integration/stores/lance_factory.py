"""Opens the embedded store."""

from dataclasses import dataclass
from pathlib import Path

from streams.stores.lance import LanceStore
from streams.stores.protocol import RiskFactorStore
from tests.integration.stores.stored_filings import SPACE


@dataclass(frozen=True)
class LanceFactory:
    """The embedded store, tidying up so often that the tests also read through index and compaction."""

    folder: Path

    def open(self) -> RiskFactorStore:
        return LanceStore(self.folder / "a" / "store", SPACE, index_every=4, compact_every=10)

    def open_unreachable(self) -> RiskFactorStore:
        in_the_way = self.folder / "file"
        in_the_way.touch()
        return LanceStore(in_the_way / "store", SPACE)

"""What opens a store that has to pass the contract.

Each kind is in a module of its own: a process that is handed one of them would spend seconds on importing the others.
"""

from typing import Protocol

from streams.stores.protocol import RiskFactorStore


class StoreFactory(Protocol):
    """Opens one store, empty at the first time, as often as wanted. Can be pickled, for other processes to use."""

    def open(self) -> RiskFactorStore: ...

    def open_unreachable(self) -> RiskFactorStore:
        """A store whose server or folder is away; may raise already here."""
        ...

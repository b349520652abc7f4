"""How many deliveries are in hand at a time, in all and of each receiver: none takes the room of the others."""

from collections import Counter

_IN_ALL = 200
_OF_A_RECEIVER = 4
_REMEMBERED = 10_000
"""Receivers that failed; whoever submits chooses their names, and could choose new ones for ever."""
_OF_ONE_THAT_FAILED = 1
"""Each of these may hang for as long as an attempt takes: it takes 200 such receivers at once to hold up another."""


class Shares:
    """Counts what is in hand."""

    def __init__(
        self,
        *,
        in_all: int = _IN_ALL,
        of_a_receiver: int = _OF_A_RECEIVER,
        of_one_that_failed: int = _OF_ONE_THAT_FAILED,
    ) -> None:
        self._in_all, self._of_a_receiver, self._of_one_that_failed = in_all, of_a_receiver, of_one_that_failed
        self._in_hand: Counter[str] = Counter()
        self._failed: dict[str, None] = {}

    def begin(self, receiver: str) -> bool:
        """Take a place, if there is one."""
        share = self._of_one_that_failed if receiver in self._failed else self._of_a_receiver
        if self.in_hand() >= self._in_all or self._in_hand[receiver] >= share:
            return False
        self._in_hand[receiver] += 1
        return True

    def end(self, receiver: str, *, delivered: bool) -> None:
        """Give a place back; what failed lessens the receiver's share until something succeeds."""
        self.withdraw(receiver)
        self._failed.pop(receiver, None)
        if not delivered:
            self._failed[receiver] = None
            if len(self._failed) > _REMEMBERED:
                del self._failed[next(iter(self._failed))]

    def withdraw(self, receiver: str) -> None:
        """Give a place back that was not used."""
        self._in_hand[receiver] -= 1
        if not self._in_hand[receiver]:
            del self._in_hand[receiver]

    def in_hand(self) -> int:
        """How many deliveries are in hand now."""
        return self._in_hand.total()

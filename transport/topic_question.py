"""How the topics differ from the catalogue, asked by processes that wait until a broker tells."""

import asyncio
import logging
from collections.abc import Sequence

from schemas.topics import Topic
from transport.topics import Difference, KafkaRefuses, KafkaUnreachable, TopicAdmin

log = logging.getLogger(__name__)


class TopicQuestion:
    """One question, which may be asked again and again."""

    def __init__(self, admin: TopicAdmin, wanted: Sequence[Topic]) -> None:
        self._admin, self._wanted = admin, wanted
        self._logged: set[str] = set()

    async def ask(self) -> list[Difference] | str:
        """The differences, or why nobody tells them now."""
        try:
            return await asyncio.to_thread(self._admin.differences, self._wanted)
        except KafkaUnreachable as error:
            # The process has other clients, which log this.
            return str(error)
        except KafkaRefuses as error:
            # No end of the process or of its check: the right may be granted a moment later.
            self._log(str(error))
            return str(error)

    def _log(self, reason: str) -> None:
        if reason not in self._logged:
            self._logged.add(reason)
            log.warning("the topics can't be checked yet, and are asked for again and again: %s", reason)

"""
Places of which there are only so many, given to whoever is most urgent.
"""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator


class Places:
    """
    A semaphore whose queue is ordered by urgency, and by arrival among equals.

    Args:
        count: How many places there are.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._arrivals = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @contextlib.asynccontextmanager
    async def taken(self, urgency: int = 0) -> AsyncIterator[None]:
        """
        Has a place, as soon as there is one and nobody more urgent waits.
        """
        await self.acquire(urgency)
        try:
            yield
        finally:
            self.release()

    async def acquire(self, urgency: int = 0) -> None:
        """
        Takes a place; who takes one gives it back with ``release``.
        """
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-urgency, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """
        Gives a place back, to the most urgent of those who wait.
        """
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

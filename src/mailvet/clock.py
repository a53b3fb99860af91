"""
The clock that gives a probe up.
"""

import asyncio
import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def paused(clock: asyncio.Timeout | None) -> Iterator[None]:
    """
    Stops *clock* meanwhile, if there is one: what a probe waits for others is not its own time.

    A probe that is given up already cleans up behind itself; its clock is left alone.
    """
    deadline = clock.when() if clock and not clock.expired() else None
    if clock is None or deadline is None:
        yield
        return
    loop = asyncio.get_running_loop()
    start = loop.time()
    clock.reschedule(None)
    try:
        yield
    finally:
        clock.reschedule(deadline + loop.time() - start)

"""
Blocking calls of libraries, kept away from the event loop.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def in_daemon_thread(work: Callable[[], Result]) -> Result:
    """
    Runs *work* in a thread of its own: one that a hostile server holds fast holds up nothing else.

    The threads of asyncio's own pool would have to end before the process can.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()
    context = contextvars.copy_context()

    def tell(deliver: Callable[[Any], None], outcome: object) -> None:
        # The loop may be gone by now, and with it whoever waited.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if future.done() else deliver(outcome))

    def run() -> None:
        try:
            result = context.run(work)
        except BaseException as exc:  # noqa: BLE001  # it belongs to whoever awaits the result
            tell(future.set_exception, exc)
        else:
            tell(future.set_result, result)

    threading.Thread(target=run, daemon=True).start()
    return await future

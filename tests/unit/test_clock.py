"""
The clock that gives a probe up, and the time that is not the probe's own.
"""

import asyncio

import pytest

from mailvet.clock import paused


def test_who_is_given_up_may_still_wait_for_others_to_clean_up() -> None:
    """
    An expired clock cannot be stopped any more, and need not be.
    """
    cleaned: list[bool] = []

    async def probe() -> None:
        async with asyncio.timeout(0) as clock:
            try:
                await asyncio.Event().wait()
            finally:
                with paused(clock):
                    cleaned.append(True)

    with pytest.raises(TimeoutError):
        asyncio.run(probe())
    assert cleaned == [True]


def test_time_that_is_waited_for_others_is_added() -> None:
    """
    The deadline moves by as much as the clock stood still.
    """

    async def probe() -> float:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(60) as clock:
            before, start = clock.when(), loop.time()
            with paused(clock):
                await asyncio.sleep(0)
                assert clock.when() is None
            after = clock.when()
            assert before is not None
            assert after is not None
            return after - before - (loop.time() - start)

    assert asyncio.run(probe()) == pytest.approx(0, abs=0.05)

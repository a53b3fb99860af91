"""
Places that are few, and who gets them.
"""

import asyncio

from mailvet.places import Places


async def _come(places: Places, name: str, urgency: int, served: list[str]) -> None:
    async with places.taken(urgency):
        served.append(name)
        await asyncio.sleep(0)


def test_the_most_urgent_is_served_first_and_equals_in_the_order_of_their_arrival() -> None:
    """
    Whoever has a place already keeps it.
    """
    served: list[str] = []

    async def rush() -> None:
        places = Places(1)
        comers = (("first", 0), ("later", 0), ("urgent", 5), ("last", 0))
        await asyncio.gather(*(_come(places, name, each, served) for name, each in comers))

    asyncio.run(rush())
    assert served == ["first", "urgent", "later", "last"]


def test_no_more_than_the_places_are_taken() -> None:
    """
    All of them are, where enough want one.
    """
    inside: set[int] = set()
    most: list[int] = []

    async def visit(places: Places, number: int) -> None:
        async with places.taken():
            inside.add(number)
            most.append(len(inside))
            await asyncio.sleep(0)
            inside.discard(number)

    async def rush() -> None:
        places = Places(3)
        await asyncio.gather(*(visit(places, number) for number in range(20)))

    asyncio.run(rush())
    assert max(most) == 3


def test_who_gives_up_waiting_costs_nobody_a_place() -> None:
    """
    Whether before his turn came or in that very moment.
    """

    async def rush() -> bool:
        places = Places(1)
        await places.acquire()
        impatient = [asyncio.create_task(places.acquire()) for _ in range(2)]
        await asyncio.sleep(0)
        impatient[0].cancel()
        await asyncio.sleep(0)
        places.release()
        impatient[1].cancel()
        await asyncio.gather(*impatient, return_exceptions=True)
        async with asyncio.timeout(5):
            await places.acquire()
        return all(each.cancelled() for each in impatient)

    assert asyncio.run(rush())

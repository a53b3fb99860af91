"""
Several labs at work side by side.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lab.lifecycle import down, is_up, opened, reset, up
from lab.place import Lab
from lab.scenario import Scenario

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


class Labs:
    """
    The labs to work in; those that were started for it are taken down at the end.
    """

    def __init__(self, lab: Lab, scenario: Scenario, jobs: int) -> None:
        siblings = (lab.sibling(number) for number in range(2, jobs + 1))
        self.labs = (lab, *siblings)
        self._scenario = scenario
        self._started: list[Lab] = []

    def __enter__(self) -> Sequence[Lab]:
        try:
            for lab in self.labs:
                if not is_up(lab):
                    self._started.append(lab)
                up(lab, self._scenario.name)
        except BaseException:
            self._leave()
            raise
        return self.labs

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        for lab in self.labs:
            if lab in self._started:
                down(lab)
            elif is_up(lab):
                restore(lab, opened(lab)[0])


def restore(lab: Lab, scenario: Scenario, *, backends: bool = True) -> None:
    """
    Put all servers of *lab* back; without *backends*, those alone that an audit leaves traces on.
    """
    with ThreadPoolExecutor() as pool:
        for wave in scenario.waves:
            due = [each.id for each in wave if each.serves and (backends or each.is_mail)]
            list(pool.map(lambda name: reset(lab, name), due))


def spread(
    labs: Sequence[Lab],
    tasks: Sequence[Task],
    attempt: Callable[[Lab, Task], Outcome],
    report: Callable[[Outcome], None],
) -> list[Outcome]:
    """
    Do all *tasks*, one at a time in each lab, and return what became of them in their order.
    """
    waiting: queue.SimpleQueue[tuple[int, Task]] = queue.SimpleQueue()
    for numbered in enumerate(tasks):
        waiting.put(numbered)
    results: dict[int, Outcome] = {}
    stop = threading.Event()

    def work(lab: Lab) -> None:
        while not stop.is_set():
            try:
                number, task = waiting.get_nowait()
            except queue.Empty:
                return
            results[number] = attempt(lab, task)
            report(results[number])

    on_all(labs, work, stop)
    return [results[number] for number in range(len(tasks))]


def on_all(
    labs: Sequence[Lab], work: Callable[[Lab], None], stop: threading.Event | None = None
) -> None:
    """
    Work in all labs at once; if one fails, *stop* tells the others.
    """
    with ThreadPoolExecutor(max_workers=len(labs)) as pool:
        futures = [pool.submit(work, lab) for lab in labs]
        try:
            for future in futures:
                future.result()
        except BaseException:
            # What runs in the other labs ends with the task that it is at.
            if stop:
                stop.set()
            raise

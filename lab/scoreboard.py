"""
Show what became of mutants: a line as each one is done, a table, and JSON.
"""

import json
from collections import Counter
from collections.abc import Sequence

from lab.gate import Outcome, Result
from lab.scenario import Scenario
from lab.verdicts import render_differences


def render_line(result: Result) -> str:
    """
    Say in one line what became of a mutant.
    """
    mutant = result.mutant
    detail = result.error or render_differences(result.differences)
    words = f"{result.outcome:10} {mutant.id} ({', '.join(mutant.kills)}, {result.seconds:.0f} s)"
    if result.first_try:
        words += f" [first try: {result.first_try}]"
    return f"{words}: {detail}" if detail else words


def render_table(results: Sequence[Result]) -> str:
    """
    Summarise all mutants, the bad news last.
    """
    width = max((len(result.mutant.id) for result in results), default=0)
    rows = [
        f"{result.mutant.id:{width}}  {result.outcome:10}  {' '.join(result.mutant.kills)}"
        for result in sorted(results, key=lambda result: result.outcome != Outcome.KILLED)
    ]
    counts = Counter(result.outcome for result in results)
    total = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return "\n".join([*rows, f"{len(results)} mutants: {total or 'none'}"])


def render_json(scenario: Scenario, results: Sequence[Result]) -> str:
    """
    Return the results for programs.
    """
    document = {
        "schema": "mailvet-mutants/1",
        "scenario": scenario.name,
        "mutants": [_entry(result) for result in results],
    }
    return json.dumps(document, indent=2) + "\n"


def _entry(result: Result) -> dict[str, object]:
    mutant = result.mutant
    return {
        "id": mutant.id,
        "host": mutant.host,
        "summary": mutant.summary,
        "kills": list(mutant.kills),
        "also": dict(mutant.also),
        "outcome": result.outcome.lower(),
        "differences": {
            control: {"expected": wanted, "found": found}
            for control, (wanted, found) in result.differences.items()
        },
        "error": result.error,
        "first_try": result.first_try,
        "seconds": round(result.seconds, 1),
    }

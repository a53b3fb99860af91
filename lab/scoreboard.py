"""
Show what became of mutants: a table for people, entries for programs.
"""

from collections import Counter
from collections.abc import Sequence

from lab.gate import Outcome, Result


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


def entry(result: Result) -> dict[str, object]:
    """
    Return what a program is told of a mutant.
    """
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
        "beside": result.beside,
        "seconds": round(result.seconds, 1),
    }

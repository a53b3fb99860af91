"""
The benchmark's arithmetic.
"""

from lab.bench import Audit, Peer, render_bench, shortfalls

PEERS = [Peer("testssl.sh", "TLS", 7, 200.0), Peer("swaks", "relaying", 15, 10.0)]


def missed(audit: Audit) -> list[str]:
    """
    The promises that were not kept.
    """
    return [promise for promise, broken in shortfalls(audit, PEERS).items() if broken]


def test_fast_audit_keeps_every_promise() -> None:
    """
    The middle one of the times counts, not the slowest.
    """
    assert missed(Audit([12.0, 11.0, 25.0], gathered=10.0, chain=9.0)) == []


def test_slow_audit_is_told_what_it_missed() -> None:
    """
    Each promise is looked at by itself.
    """
    assert len(missed(Audit([22.0], gathered=20.0, chain=19.0))) == 2
    assert missed(Audit([12.0], gathered=11.0, chain=5.0)) == [
        "less than 1.5 times its slowest chain"
    ]


def test_table_compares_with_each_tool_and_with_all() -> None:
    """
    The ratios are those of whole commands.
    """
    lines = render_bench(Audit([10.0], gathered=9.0, chain=9.0), PEERS, 170).splitlines()

    assert "| swaks | relaying | 10.0 s | 1.0 |" in lines
    assert "| these together | | 210.0 s | 21.0 |" in lines
    assert lines[-1].endswith("slowest chain of waits 9.0 s, ratio 1.00.")

"""
Transcripts are redacted, bounded and safe to show.
"""

from mailvet.secret import Secret
from mailvet.transcript import MAX_LINES, Transcript, readable


def test_secrets_are_hidden_in_every_disguise() -> None:
    """
    What is registered never gets in, plain or in base64.
    """
    log = Transcript()
    log.hide(Secret("s3cret"), "extra")
    log.add(">", "PASS s3cret")
    log.add(">", b"AUTH czNjcmV0 extra")
    assert [line.text for line in log.freeze()] == ["PASS ***", "AUTH *** ***"]


def test_control_octets_are_escaped() -> None:
    """
    A banner cannot move the cursor of the terminal that shows it.
    """
    assert readable(b"\x1b[2Jhi\x00\xff\r\n") == r"\x1b[2Jhi\x00\xff"


def test_length_and_number_of_lines_are_bounded() -> None:
    """
    A hostile server does not fill the memory.
    """
    log = Transcript()
    for _ in range(MAX_LINES + 10):
        log.add("<", b"x" * 5000)
    lines = log.freeze()
    assert len(lines) == MAX_LINES + 1
    assert "10 more lines" in lines[-1].text
    assert "(5000 characters)" in lines[0].text
    assert len(lines[0].text) < 1100

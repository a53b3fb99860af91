"""
``mailvet controls`` as a command.
"""

import subprocess
import sys


def test_a_reader_that_has_seen_enough_gets_no_traceback() -> None:
    """
    As ``mailvet controls | head -1`` does.
    """
    argv = [sys.executable, "-m", "mailvet", "controls"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"# Controls\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0

"""
Ctrl-C in the middle: what is known is reported, what is not is said.
"""

import os
import signal
import socket
import subprocess
import sys

from tests.plugin.conftest import HOSTS, PROFILE, ROOT, Project


def test_ctrl_c_while_probing_reports_what_was_not_run(project: Project) -> None:
    """
    One service answers nothing, the other is closed; the interruption comes while we wait.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        project.write("hosts.toml", HOSTS.replace("198.51.100.10", "127.0.0.1"))
        ports = PROFILE.replace("port = 25", f"port = {port}").replace("port = 587", "port = 1")
        project.write("profiles/host.toml", ports)
        # A job in the background ignores Ctrl-C, and its children inherit that.
        inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "--host", "mail1", "--report-dir", "out"],
            cwd=project.root,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "src"),
                "MAILVET_STATE": str(project.root / "state"),
                "COLUMNS": "80",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        signal.signal(signal.SIGINT, inherited)
        silent.settimeout(30)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=30)
    assert process.returncode == 2, output
    results = project.results("out")
    assert results["run"]["complete"] is False
    reasons = {each["control"]: each["reason"] for each in results["not_run"]}
    assert set(reasons) == {"DEMO-01", "DEMO-03"}
    assert reasons["DEMO-01"].startswith("the run was interrupted before")
    assert "Traceback" not in output

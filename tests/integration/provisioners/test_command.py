"""Programs are run to their end, fed and read without a deadlock, and ended when they are late."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioners.base import while_wanted
from provisioners.command import (
    CommandFailedError,
    CommandMissingError,
    CommandStoppedError,
    CommandTimeoutError,
    private_file,
    run,
)
from provisioners.leash import Leash, moment

PY = sys.executable


def python(program: str, *words: str) -> list[str]:
    return [PY, "-I", "-S", "-c", program, *words]


def test_what_it_reads_and_prints_goes_through() -> None:
    echo = "import sys; d = sys.stdin.read(); print(d.upper(), end=''); print('e', file=sys.stderr)"
    result = run(python(echo), timeout=20, stdin=b"values")
    assert (result.returncode, result.output, result.error) == (0, "VALUES", "e\n")


def test_more_than_a_pipe_holds_goes_both_ways_and_the_last_of_it_is_kept() -> None:
    program = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d + b'END')"
    result = run(python(program), timeout=30, stdin=b"x" * 1_000_000, kept=1000)
    assert result.output == "x" * 997 + "END"


def test_a_program_that_does_not_read_is_no_trouble() -> None:
    assert run(python("pass"), timeout=20, stdin=b"x" * 1_000_000).returncode == 0


def test_secrets_are_blotted_out_even_where_the_output_is_cut() -> None:
    secret = "s3cr3t-value"
    program = "import sys; print(sys.argv[1] * 3, sys.argv[1], file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandFailedError) as caught:
        run(python(program, secret), timeout=20, secrets=[secret, ""], kept=20)
    result = caught.value.result
    assert result.returncode == 3
    assert not any(part in result.error for part in ("s3cr3t", "value", "cr3t"))
    assert "[redacted]" in result.error
    assert "s3cr3t" not in str(caught.value)


def test_few_variables_reach_it_and_no_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORECTL_MASTER_KEY", "hidden")
    names = run(
        python("import os; print(*sorted(os.environ))"), timeout=20, env={"ONE": "1"}
    ).output.split()
    assert "STORECTL_MASTER_KEY" not in names
    assert {"ONE", "PATH"} <= set(names)


def test_a_late_program_is_ended_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    program = (
        "import os, sys, time\n"
        "child = os.fork()\n"
        "if child: open(sys.argv[1], 'w').write(str(child))\n"
        "print('started', flush=True)\n"
        "time.sleep(60)"
    )
    began = time.monotonic()
    with pytest.raises(CommandTimeoutError) as caught:
        run(python(program, str(mark)), timeout=0.7)
    assert time.monotonic() - began < 20
    assert caught.value.result.returncode == -signal.SIGTERM
    assert "started" in caught.value.result.output
    end = time.monotonic() + 10
    while _alive(int(mark.read_text())):
        assert time.monotonic() < end, "a child is left"
        time.sleep(0.01)


def test_one_that_ignores_the_gentle_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioners.command._GRACE_SECONDS", 0.1)
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(1, flush=True); time.sleep(60)"
    )
    with pytest.raises(CommandTimeoutError) as caught:
        run(python(program), timeout=0.5)
    assert caught.value.result.returncode == -signal.SIGKILL


def test_what_a_program_leaves_behind_is_not_waited_for() -> None:
    program = "import os, time; os.fork() or time.sleep(30)"
    began = time.monotonic()
    assert run(python(program), timeout=20).returncode == 0
    assert time.monotonic() - began < 10


def test_a_missing_program_is_told_apart() -> None:
    with pytest.raises(CommandMissingError):
        run(["/nonexistent/helm"], timeout=1)


def test_a_private_file_is_for_the_owner_and_only_for_the_block() -> None:
    with private_file(b"{}", suffix=".json") as path:
        assert path.read_bytes() == b"{}"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.suffix == ".json"
    assert not path.exists()


def test_a_program_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "program"
    child = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = f"from provisioners.command import run; run({python(child)!r}, timeout=60)"
    with subprocess.Popen([PY, "-c", parent]) as started:
        until(lambda: mark.exists() and mark.read_text() != "")
        program = int(mark.read_text())
        assert _alive(program)
        started.kill()
    until(lambda: not _alive(program), 2)


def test_a_program_ends_when_nobody_renews_the_leases_of_its_parent(tmp_path: Path) -> None:
    """As when the parent is frozen: another worker is at its work by then."""
    mark = tmp_path / "program"
    child = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "from provisioners.command import LEASH, run\n"
        "from provisioners.leash import moment\n"
        f"LEASH.renewed(moment(), 1.5); run({python(child)!r}, timeout=60)"
    )
    with subprocess.Popen([PY, "-c", parent]) as started:
        until(lambda: mark.exists() and mark.read_text() != "")
        program = int(mark.read_text())
        started.send_signal(signal.SIGSTOP)
        until(lambda: not _alive(program), 5)
        started.kill()


def test_renewals_keep_a_program_and_later_ones_begin_anew() -> None:
    leash = Leash()
    leash.renewed(moment(), 0.4)
    with pytest.raises(CommandFailedError) as caught:
        run(python("import time; time.sleep(20)"), timeout=30, leash=leash)
    assert caught.value.result.returncode == -signal.SIGKILL
    beating = threading.Event()

    def beat() -> None:
        while not beating.wait(0.1):
            leash.renewed(moment(), 2.0)

    leash.renewed(moment(), 2.0)
    thread = threading.Thread(target=beat)
    thread.start()
    try:
        assert run(python("import time; time.sleep(3.5)"), timeout=30, leash=leash).returncode == 0
    finally:
        beating.set()
        thread.join()
        leash.close()


def test_what_runs_is_ended_at_once_when_the_process_is_about_to_end() -> None:
    leash = Leash()
    threading.Timer(0.5, leash.drop).start()
    began = time.monotonic()
    with pytest.raises(CommandStoppedError):
        run(python("import time; time.sleep(60)"), timeout=60, leash=leash)
    with pytest.raises(CommandStoppedError):
        run(python("pass"), timeout=60, leash=leash)
    assert time.monotonic() - began < 5
    leash.close()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # Ended, but perhaps not yet buried by whoever adopted it.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_what_nobody_wants_any_more_is_ended() -> None:
    began = time.monotonic()
    with while_wanted(lambda: time.monotonic() > began + 0.3), pytest.raises(CommandStoppedError):
        run(python("import time; time.sleep(60)"), timeout=60)
    assert time.monotonic() - began < 10
    assert run(python("pass"), timeout=20).returncode == 0

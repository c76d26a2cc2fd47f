"""What the system tells of a process: its memory and its processor time."""

from __future__ import annotations

import os
from pathlib import Path

_UTIME, _STIME = 11, 12  # places behind the name of the program, in /proc/…/stat


def megabytes(pid: int) -> float | None:
    """Return the memory of a process, shared pages counted in part (PSS); None where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def processor_seconds(pid: int) -> float | None:
    """Return the processor time a process has taken so far; None where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    ticks = int(fields[_UTIME]) + int(fields[_STIME])
    return ticks / os.sysconf("SC_CLK_TCK")


def load_of_machine() -> float | None:
    """Return how many processes were at work in the last minute, None where the system does not tell."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None

"""`make cluster-tools`: get what the cluster tests need, and say what came from where.

`python -m scripts.cluster_tools [NAME…]`. Tools are kept in `.cluster-tools/bin`, or below
STORECTL_CLUSTER_TOOLS. A further run keeps what is whole and goes on where a stopped one was.
"""

import fcntl
import sys
from collections.abc import Sequence

from scripts.clusterkit.base import BIN, CACHE
from scripts.clusterkit.catalog import NODE_TOOLS, TOOLS
from scripts.clusterkit.obtain import Row, obtain


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(rows: Sequence[Row]) -> str:
    """The rows as columns, widest cell first measured."""
    cells = [("tool", "version", "size", "time", "SHA-256", "from")]
    for row in rows:
        size = f"{row.size / 1e6:.0f} MB" if row.size else ""
        seconds = f"{row.seconds:.0f} s" if row.size else ""
        cells.append((row.name, row.version, size, seconds, row.sha256[:12], row.origin))
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def main(names: Sequence[str]) -> int:
    """Get the named tools, or those of the cluster tests; 1 when one could not be had."""
    known = {tool.name: tool for tool in (*TOOLS, *NODE_TOOLS)}
    if unknown := set(names) - known.keys():
        say(f"No such tool: {', '.join(sorted(unknown))}. There are: {', '.join(known)}")
        return 2
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # A second run waits for the first and then finds everything done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = [obtain(known[name], CACHE, say) for name in names or [tool.name for tool in TOOLS]]
    say(f"\n{table(rows)}\n\nAll in {BIN}")
    return int(any(row.missing for row in rows))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")

"""`python -m bench [NAME…]`: measure every figure, or those named."""

import importlib
import sys

FIGURES = ("cli", "reconcile", "signup", "api", "push", "rates", "cluster", "clusterlive", "pages")


def main() -> int:
    """Run the figures in turn; an unknown name is a usage error."""
    wanted = sys.argv[1:] or FIGURES
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"no such figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
        return 2
    for name in wanted:
        importlib.import_module(f"bench.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The door: no arguments open the window straight away, anything else goes to the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs Curator with `sys.argv` and returns the exit status (0 done, 1 failed, 2 wrong usage)."""
    from curator.cli.main import run

    return run(sys.argv[1:] or ["open"])


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m simulators`: the same as the command `simulators`."""

from __future__ import annotations

from simulators.cli import main

if __name__ == "__main__":
    main()

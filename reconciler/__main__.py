"""`python -m reconciler`; knows nothing but where the command line is."""

from __future__ import annotations

from reconciler.cli import main

if __name__ == "__main__":
    main()

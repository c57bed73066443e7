"""`python -m reconciler` and the command `reconciler`; knows nothing but where the command line is.

Signals are looked after before anything else is imported, as that takes long enough for a Ctrl-C.
"""

from __future__ import annotations

from importlib import import_module


def start() -> None:
    """Run the program; it ends the process."""
    early: list[int] = []
    quick = import_module("_signal")  # what `signal` is made of, without its enumerations, which take time to make
    for number in (quick.SIGINT, quick.SIGTERM):
        if quick.getsignal(number) != quick.SIG_IGN:
            quick.signal(number, lambda came, _frame: early.append(came))
    from reconciler.interrupts import install

    install(early)
    from reconciler.cli import main

    main()


if __name__ == "__main__":
    start()

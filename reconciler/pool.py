"""Threads for requests that go out side by side; whoever interrupts the program does not wait for the slowest of them.

Knows nothing of what the threads do.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def workers(count: int, name: str = "") -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads, and wait for them at the end, but after a KeyboardInterrupt: then they are abandoned."""
    pool = ThreadPoolExecutor(count, thread_name_prefix=name)
    wait = True
    try:
        yield pool
    except KeyboardInterrupt:
        wait = False
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=not wait)

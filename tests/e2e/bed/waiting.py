# SPDX-License-Identifier: Apache-2.0
"""Bounded waits. The suite never sleeps for luck: it waits for something, and says what for when it doesn't come."""

import time


class TimedOut(Exception):
    pass


def until(ready, seconds, what, every=0.1):
    """Returns what ready() returns, once that is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise TimedOut(f"waited {seconds} s in vain for {what}")
        time.sleep(every)


def reach(moment):
    """Waits for a moment of the monotonic clock: for the end of a period under observation."""
    time.sleep(max(0.0, moment - time.monotonic()))

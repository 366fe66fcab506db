# SPDX-License-Identifier: Apache-2.0
"""One run at a time on this host."""

import fcntl
import os


def claim(path):
    """Until this program ends, and whatever it becomes by exec: what an earlier run left is nobody's then. False:
    another one is under way."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(lock, True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

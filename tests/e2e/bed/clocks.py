# SPDX-License-Identifier: Apache-2.0
"""Every moment in the suite is one of time.monotonic(). What others say of the time is translated here."""

import datetime
import os
import time


def from_wall(text):
    """A time stamp of the API server (RFC 3339, microseconds). It runs on this host, so its clock is ours."""
    wall = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return wall - (time.time() - time.monotonic())


def process_start(pid):
    """When a process began, to 10 ms. A process that is gone raises OSError."""
    with open(f"/proc/{pid}/stat") as stat:
        ticks = int(stat.read().rpartition(")")[2].split()[19])
    boot = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    return ticks / os.sysconf("SC_CLK_TCK") - boot

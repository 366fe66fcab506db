# SPDX-License-Identifier: Apache-2.0
"""The bed's programs: each with a log of its own, each easy to signal."""

import os
import pathlib
import signal
import subprocess


class Process:
    def __init__(self, log, argv, env=None):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            # Out of reach of a ^C on the terminal: that is for the suite alone, which then ends in order.
            self.popen = subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=subprocess.STDOUT, start_new_session=True,
                                          env={**os.environ, **(env or {})})

    @property
    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds=5):
        self.popen.terminate()
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()


class Frozen:
    """Holds a program still, and sets it going again whatever happens meanwhile."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        self.process.signal(signal.SIGSTOP)

    def __exit__(self, *_):
        self.process.signal(signal.SIGCONT)


def tail(path, lines=30):
    try:
        text = pathlib.Path(path).read_text(errors="replace")
    except OSError as error:
        return str(error)
    return "\n".join(text.splitlines()[-lines:])

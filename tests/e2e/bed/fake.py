# SPDX-License-Identifier: Apache-2.0
"""tests/fakeapi while it runs: what it says, and what it is told."""

import threading

from .waiting import until

PATIENCE = 30


class Fake:
    """popen: its program, with its streams as text, a line at a time."""

    def __init__(self, popen):
        self.popen = popen
        self.heard = []  # whole lines, as they came
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        for line in self.popen.stdout:
            self.heard.append(line.rstrip("\n"))

    def find(self, *parts, start=0):
        """The lines that have all of that."""
        return [line for line in self.heard[start:] if all(part in line for part in parts)]

    def count(self, *parts):
        return len(self.find(*parts))

    def wait_for(self, text):
        return until(lambda: self.find(text), PATIENCE, f"the world's “{text}”, after {self.heard[-5:]}", 0.01)[0]

    def ask(self, command):
        start = len(self.heard)
        self.popen.stdin.write(command + "\n")
        return until(lambda: next((line for line in self.heard[start:] if not line.startswith("event ")), None),
                     PATIENCE, f"an answer to {command}", 0.005)

    def tell(self, command):
        """Returns from where on events are its consequences."""
        start = len(self.heard)
        answer = self.ask(command)
        assert answer == "ok", f"{command}: {answer}"
        return start

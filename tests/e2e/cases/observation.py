# SPDX-License-Identifier: Apache-2.0
"""All observers of one case, and the fresh Envoys that make a loss visible."""

import threading
import time

from bed.observers import Controller
from bed.waiting import TimedOut


class Observation:
    """From before the fault to the end of the case."""

    def __init__(self, bed):
        self.bed = bed
        self.began = time.monotonic()
        self.uids = dict(bed.copies.present)
        self.handshakes = bed.handshakes()
        self.controller = Controller(bed.operator)
        self.lost_copy = threading.Event()
        self.over = False

    def __enter__(self):
        self.handshakes.start()
        self.controller.start()
        self.bed.copies.on_deleted = self.lost_copy.set
        self.refresher = threading.Thread(target=self.refresh_on_loss, daemon=True)
        self.refresher.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.bed.copies.on_deleted = None
        self.lost_copy.set()
        self.refresher.join()
        self.handshakes.stop()
        self.controller.stop()

    def fresh_envoy(self):
        try:
            with self.handshakes.paused():
                self.bed.envoy.restart()
        except TimedOut as error:  # the handshakes that follow fail, and count
            print(f"  {error}")

    def refresh_on_loss(self):
        while not self.over:
            self.lost_copy.wait()
            if self.over:
                return
            time.sleep(0.1)  # the copies go within milliseconds of each other: one fresh Envoy shows them all
            self.lost_copy.clear()
            self.fresh_envoy()

    def deleted(self):
        return self.bed.copies.deleted_since(self.began)

    def failed_handshakes(self):
        return self.handshakes.failures()

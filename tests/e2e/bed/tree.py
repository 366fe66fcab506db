# SPDX-License-Identifier: Apache-2.0
"""The files of a machine: a fresh overlay over a tree of the cache."""

import pathlib
import shutil
import subprocess


class Tree:
    def __init__(self, below, folder):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={below},upperdir={self.folder}/upper,"
                        f"workdir={self.folder}/work", "overlay", self.root], check=True)

    def path(self, path):
        return self.root / path.lstrip("/")

    def place(self, path):
        """The same, with a folder to stand in."""
        path = self.path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, path, text, mode=0o644):
        path = self.place(path)
        path.write_text(text)
        path.chmod(mode)

    def install(self, source, path, mode=0o755):
        path = self.place(path)
        shutil.copyfile(source, path)
        path.chmod(mode)

    def read(self, path):
        return self.path(path).read_text()

    def enable(self, *units):
        subprocess.run(["systemctl", "--quiet", "--root", self.root, "enable", *units], check=True)

    def remove(self):
        subprocess.run(["umount", "--lazy", self.root], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)

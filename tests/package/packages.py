# SPDX-License-Identifier: Apache-2.0
"""The packages that are looked at: build/'s, the same built elsewhere and at another time, and the next version."""

import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ARCHITECTURES = ("amd64", "arm64")
LATER = "+400d"


def output(*argv):
    return subprocess.run([str(word) for word in argv], check=True, stdout=subprocess.PIPE, text=True).stdout


class Packages:
    def __init__(self, scratch):
        self.scratch = pathlib.Path(scratch)
        self.built = {arch: only(ROOT / "build", arch) for arch in ARCHITECTURES}
        self.first = self.built["amd64"]
        self.version = output("dpkg-deb", "--field", self.first, "Version").strip()
        self.next = self.version + ".1"
        self.second = self.build_next()

    def copy(self, name):
        """The tree once more, at another place."""
        folder = self.scratch / name
        shutil.copytree(ROOT, folder, symlinks=True,
                        ignore=lambda here, names: {"build", ".git"} if here == str(ROOT) else {"__pycache__"})
        return folder

    def build_next(self):
        tree = self.copy("next")
        changelog = tree / "cross" / "debian" / "changelog"
        text = changelog.read_text()
        changelog.write_text(re.sub(r"\A(gatewake \()[^)]+", rf"\g<1>{self.next}", text) + "\n" + text)
        makefile = tree / "Makefile"
        makefile.write_text(re.sub(r"(?m)^VERSION := .*", f"VERSION := {self.next}", makefile.read_text()))
        return build(tree, "amd64")

    def build_elsewhere(self, arch):
        """In a folder of another name, more than a year from now, and with another idea of who may read a file."""
        tree = self.copy(f"another-folder-for-{arch}")
        tools = self.scratch / f"tools-{arch}"
        tools.mkdir()
        late = tools / "dpkg-buildpackage"
        late.write_text(f'#!/bin/sh\nexec faketime -f {LATER} /usr/bin/dpkg-buildpackage "$@"\n')
        late.chmod(0o755)
        return build(tree, arch, PATH=f"{tools}:{os.environ['PATH']}", TZ="Asia/Kathmandu", LANG="C",
                     CFLAGS="-O0", MAKEFLAGS="-k")


def build(tree, arch, **environment):
    done = subprocess.run([tree / "cross" / "deb", arch], env={**os.environ, **environment}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, umask=0o077)
    assert done.returncode == 0, done.stdout
    return only(tree / "build", arch)


def only(folder, arch):
    found = list(folder.glob(f"gatewake_*_{arch}.deb"))
    assert len(found) == 1, f"packages for {arch} in {folder}: {found}"
    return found[0]

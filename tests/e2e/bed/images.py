# SPDX-License-Identifier: Apache-2.0
"""Container images of one layer, packed from single files in the form that `docker save` has."""

import hashlib
import io
import json
import platform
import tarfile

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}


def pack(archive, name, program, inside):
    """Writes the image NAME, which runs PROGRAM under the path INSIDE."""
    layer = archive.with_suffix(".layer")
    write_layer(layer, {program: inside, CERTIFICATES: CERTIFICATES})
    with open(layer, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = {"architecture": ARCHITECTURE[platform.machine()], "os": "linux",
              "config": {"Entrypoint": [inside], "Env": ["PATH=/usr/bin"]},
              "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(archive, "w") as tar:
        add_text(tar, "manifest.json", json.dumps(manifest))
        add_text(tar, "config.json", json.dumps(config))
        tar.add(layer, "layer.tar")
    layer.unlink()
    return archive


def write_layer(path, files):
    with tarfile.open(path, "w") as tar:
        add_folder(tar, "tmp", 0o1777)
        for source, inside in files.items():
            tar.add(source, inside.lstrip("/"), filter=for_everyone)


def for_everyone(member):
    member.mode, member.uid, member.gid = 0o755, 0, 0
    return member


def add_folder(tar, name, mode):
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, mode
    tar.addfile(member)


def add_text(tar, name, text):
    member = tarfile.TarInfo(name)
    member.size = len(text)
    tar.addfile(member, io.BytesIO(text.encode()))

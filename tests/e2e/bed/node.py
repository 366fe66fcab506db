# SPDX-License-Identifier: Apache-2.0
"""The node: containerd, a bridge for it and the kubelet."""

import json
import subprocess
import time

from . import images, settings, waiting

PAUSE_IMAGE = "gatewake.test/pause:1"
CONTAINERD = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
	"io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
# Where a host forbids lowering oom_score_adj, every container would die at its start.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{cni}"
"""


class Node:
    def __init__(self, scratch, start, cluster):
        self.scratch, self.start, self.cluster = scratch, start, cluster
        self.folder = scratch / "containerd"
        self.socket = self.folder / "socket"
        self.pod_logs = scratch / "pods"
        self.kubelet = None

    def up_containerd(self, operator_image, operator_program):
        """Doesn't need the API server, so it may come up meanwhile."""
        self.make_bridge()
        self.folder.mkdir()
        config = self.folder / "config.toml"
        config.write_text(CONTAINERD.format(folder=self.folder, socket=self.socket, pause=PAUSE_IMAGE,
                                            cni=self.write_network()))
        self.start("containerd", "containerd", "--config", config)
        waiting.until(lambda: self.ctr("version").returncode == 0, 30, "containerd")
        self.load(PAUSE_IMAGE, settings.cache() / "pause-1", "/pause")
        self.load(operator_image, operator_program, "/usr/bin/cilium-operator-generic")

    def up_kubelet(self):
        config = self.scratch / "kubelet.json"
        config.write_text(json.dumps(self.kubelet_config()))
        self.pod_logs.mkdir()
        self.kubelet = self.start(
            "kubelet", settings.control_plane() / "kubelet", "--config", config, "--node-ip", settings.NODE_ADDRESS,
            "--kubeconfig", self.cluster.kubeconfig("kubelet", f"/O=system:nodes/CN=system:node:{settings.NODE}"),
            "--hostname-override", settings.NODE, "--root-dir", self.scratch / "kubelet",
            "--cert-dir", self.scratch / "kubelet-pki")
        waiting.until(self.ready, 60, f"node {settings.NODE} to be Ready")

    def kubelet_config(self):
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False},
                               "x509": {"clientCAFile": str(self.cluster.authority.certificate)}},
            "authorization": {"mode": "AlwaysAllow"},
            "address": settings.NODE_ADDRESS, "readOnlyPort": 0,
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            # The host's cgroups belong to others: the kubelet shall not build its tree there.
            "cgroupDriver": "cgroupfs", "cgroupsPerQOS": False, "enforceNodeAllocatable": [],
            "makeIPTablesUtilChains": False, "failSwapOn": False,
            "podLogsDir": str(self.pod_logs), "volumePluginDir": str(self.scratch / "volume-plugins"),
            "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%"}, "imageGCHighThresholdPercent": 99,
        }

    def make_bridge(self):
        for words in (("link", "add", settings.BRIDGE, "type", "bridge"),
                      ("address", "add", settings.NODE_ADDRESS + "/24", "dev", settings.BRIDGE),
                      ("link", "set", settings.BRIDGE, "up")):
            subprocess.run(["ip", *words], check=True)

    def write_network(self):
        folder = self.folder / "cni"
        folder.mkdir()
        ipam = {"type": "host-local", "subnet": settings.BRIDGE_SUBNET, "routes": [{"dst": "0.0.0.0/0"}]}
        plugin = {"type": "bridge", "bridge": settings.BRIDGE, "isGateway": True, "ipam": ipam}
        (folder / "bed.conflist").write_text(json.dumps({"cniVersion": "0.4.0", "name": "bed", "plugins": [plugin]}))
        return folder

    def load(self, image, program, inside):
        archive = images.pack(self.scratch / "image.tar", image, program, inside)
        result = self.ctr("images", "import", str(archive))
        archive.unlink()
        if result.returncode:
            raise RuntimeError(f"containerd refuses {image}: {result.stderr.decode()}")

    def ctr(self, *words):
        return subprocess.run(["ctr", "--address", self.socket, "--namespace", "k8s.io", *words], capture_output=True)

    def ready(self):
        found = self.cluster.api.find(f"/api/v1/nodes/{settings.NODE}") or {}
        return any(condition["type"] == "Ready" and condition["status"] == "True"
                   for condition in found.get("status", {}).get("conditions", []))

    def cordon(self, on):
        """Returns the moment from which on it may be known."""
        asked = time.monotonic()
        self.cluster.api.merge(f"/api/v1/nodes/{settings.NODE}", {"spec": {"unschedulable": on}})
        return asked

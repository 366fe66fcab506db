# SPDX-License-Identifier: Apache-2.0
"""Brings the whole bed up, and back to health between cases."""

import concurrent.futures
import subprocess
import threading
import time

from . import cilium, envoy, gateway, settings, waiting
from .audit import Audit
from .cluster import Cluster
from .kube import ApiError
from .node import Node
from .observers import COPIES, Copies, Handshakes, source_of
from .processes import Process
from .vip import Vip


class Bed:
    """There is no down(): what the bed is made of ends with its namespaces."""

    def __init__(self, scratch, version):
        self.scratch, self.version = scratch, version
        self.processes = {}
        self.log = scratch / "log"
        self.log.mkdir()

    def start(self, name, program, *words):
        self.processes[name] = Process(self.log / f"{name}.log", [program, *words])
        return self.processes[name]

    def up(self):
        chart = cilium.render_chart(self.version)
        self.cluster = Cluster(self.scratch, self.start)
        self.api = self.cluster.api
        self.node = Node(self.scratch, self.start, self.cluster)
        self.vip = Vip(settings.VIP, settings.API, *self.cluster.server_pair)
        self.vip.forward()
        program = settings.cache() / f"cilium-operator-{self.version}"
        with concurrent.futures.ThreadPoolExecutor() as pool:
            images = pool.submit(self.node.up_containerd, cilium.operator_image(chart), program)
            self.cluster.up()
            self.apply_chart(chart)
            images.result()
        self.node.up_kubelet()
        self.up_operator()
        self.up_gateway()

    def apply_chart(self, chart):
        self.admin = self.cluster.kubeconfig("admin", "/O=system:masters/CN=admin")
        self.kubectl("apply", "--server-side", "-f", settings.gateway_api(self.version))
        path = self.scratch / "chart.yaml"
        path.write_text(chart)
        self.kubectl("apply", "--server-side", "-f", path)
        self.admit_agent()

    def admit_agent(self):
        """An identity of its own, so that the audit log can tell its writes from all others."""
        self.agent_kubeconfig = self.cluster.kubeconfig(settings.AGENT_USER, f"/CN={settings.AGENT_USER}")
        self.api.apply("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "bed-agent"},  # "gatewake" is what `gatewake setup` makes
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": settings.AGENT_USER}]})

    def up_operator(self):
        self.operator = cilium.Operator(self.api, self.version, self.node.pod_logs)
        threading.Thread(target=self.keep_logs, daemon=True).start()
        waiting.until(self.operator.controller_on, 90, "the Gateway controller to come up", 0.25)

    def keep_logs(self):
        while True:
            self.operator.keep_logs(self.log)
            time.sleep(0.5)

    def up_gateway(self):
        gateway.serve_web()
        self.feed = envoy.Feed(self.scratch / "xds")
        self.copies = Copies(self.feed)
        self.copies.follow(self.api)
        self.feed.follow(self.api)
        self.gateway = gateway.Gateway(self.api)
        waiting.until(self.create_pool, 60, "the operator's own CRDs", 0.25)
        self.gateway.create()
        self.feed.listen_on(waiting.until(self.gateway.address, 60, "the Gateway's address"))
        self.envoy = envoy.Envoy(self.feed, self.scratch)
        waiting.until(self.copies_complete, 30, "the copies of the Gateway's Secrets")
        self.audit = Audit(self.cluster.audit_log)

    def create_pool(self):
        try:
            return self.gateway.create_pool() or True
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    def kubectl(self, *words):
        command = [settings.control_plane() / "kubectl", "--kubeconfig", self.admin, *words]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(f"kubectl {' '.join(map(str, words))}: {result.stderr}")

    def copies_complete(self):
        return set(self.copies.present) >= set(map(str, self.gateway.sources))

    def heal(self, replicas=1, log_form="text"):
        """Health from whatever the last case left, with a pod that was never restarted."""
        self.vip.forward()
        self.node.cordon(False)
        self.gateway.refer_to(gateway.USUAL)
        reconfigured = self.operator.log_as(log_form)
        self.operator.scale(replicas)
        if reconfigured or not (self.operator.unharmed() and self.operator.controller_on()):
            self.replace_operator()
        waiting.until(self.operator.controller_on, 60, "the Gateway controller to come up", 0.25)
        waiting.until(self.copies_complete, 30, "the copies of the Gateway's Secrets")
        self.delete_strays()
        waiting.until(lambda: len(self.operator.pods()) == replicas, 30, f"{replicas} pods of the operator")
        self.envoy.restart()
        waiting.until(self.serves_all, 15, "a good handshake for each hostname")

    def replace_operator(self):
        before = self.operator.container()
        self.operator.replace_pod()
        if before:
            self.operator.next_container(before, 60)

    def delete_strays(self):
        """A copy whose source went while no operator looked stays for ever."""
        for source, copy in self.copies_now().items():
            if source not in map(str, self.gateway.sources):
                self.api.delete(f"{COPIES}/{copy['metadata']['name']}")
                waiting.until(lambda: source not in self.copies.present, 10, f"the copy of {source} to go")

    def delete_copies(self):
        """All of them, at once."""
        self.api.delete(f"{COPIES}?labelSelector={settings.COPY_OF_NAME}")

    def copies_now(self):
        return {source_of(secret): secret for secret in self.api.get(COPIES)["items"] if source_of(secret)}

    def handshakes(self):
        return Handshakes(self.feed.address, self.gateway.leaves)

    def serves_all(self):
        return all(self.served())

    def serves_any(self):
        return any(self.served())

    def served(self):
        once = self.handshakes()
        return (once.ask(hostname) == "ok" for hostname in self.gateway.leaves)

# SPDX-License-Identifier: Apache-2.0
"""The real operator from the real chart, and what the suite does to it and reads from it."""

import dataclasses
import http.client
import json
import os
import re
import subprocess

from . import clocks, settings, waiting

DEPLOYMENT = f"/apis/apps/v1/namespaces/{settings.OPERATOR_NAMESPACE}/deployments/cilium-operator"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{settings.OPERATOR_NAMESPACE}/leases/{settings.LEASE}"
PODS = f"/api/v1/namespaces/{settings.OPERATOR_NAMESPACE}/pods"
OPERATOR_PODS = f"/api/v1/pods?labelSelector={settings.OPERATOR_LABEL}"
GATEWAY_WORKERS = 'controller_runtime_active_workers{controller="gateway"'
# 1.19 took that series away. Its log says as much, a moment earlier. It also asks for its CRDs again after a refusal,
# for 30 s, but not after an answer that it takes for final.
FIRST_TO_RETRY = (1, 19)
GATEWAY_STARTED = re.compile('msg="Starting workers" .* controller=gateway '
                             '|"msg":"Starting workers",.*"controller":"gateway"')
CONFIG = f"/api/v1/namespaces/{settings.OPERATOR_NAMESPACE}/configmaps/cilium-config"
LOG_OPTIONS = "log-opt"  # where the chart puts its value logOptions, as JSON


def render_chart(version):
    """The chart as it is, less its DaemonSets: the bed has no BPF, and no need of an agent."""
    values = {"gatewayAPI.enabled": "true", "kubeProxyReplacement": "true", "hubble.enabled": "false",
              "k8sServiceHost": settings.VIP[0], "k8sServicePort": settings.VIP[1], "operator.replicas": 1}
    command = [settings.cache() / f"helm-{settings.VERSIONS['HELM']}", "template", "cilium",
               settings.cache() / f"cilium-chart-{version}", "--namespace", settings.OPERATOR_NAMESPACE,
               "--kube-version", settings.VERSIONS["KUBERNETES"],
               "--api-versions", "gateway.networking.k8s.io/v1/GatewayClass"]
    for name, value in values.items():
        command += ["--set", f"{name}={value}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    documents = re.split(r"^---$", text, flags=re.MULTILINE)
    return "---".join(part for part in documents if not re.search(r"^kind: DaemonSet$", part, re.MULTILINE))


def operator_image(chart):
    return re.search(r'image: "?([^"\s]*operator[^"\s]*)', chart).group(1)


@dataclasses.dataclass(frozen=True)
class Container:
    """One process of the operator: it is what loses or wins the race, never the pod."""
    pid: int
    started: float

    @property
    def running(self):
        return is_operator(self.pid)


class Operator:
    def __init__(self, api, version, pod_logs):
        self.api, self.pod_logs = api, pod_logs
        self.retries = tuple(map(int, version.split(".")[:2])) >= FIRST_TO_RETRY
        self.fault = "500" if self.retries else "refused"  # of the VIP: what this version does not survive

    def containers(self):
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            if is_operator(name):
                try:
                    found.append(Container(int(name), clocks.process_start(name)))
                except OSError:
                    pass  # ended while we looked
        return found

    def container(self):
        found = self.containers()
        return found[0] if len(found) == 1 else None

    def signal(self, number):
        container = waiting.until(self.container, 30, "the operator's container")
        os.kill(container.pid, number)
        waiting.until(lambda: not container.running, 30, f"the operator's container to end by signal {number}", 0.005)
        return container

    def next_container(self, old, seconds=30):
        def new():
            found = self.container()
            return found if found and found.pid != old.pid else None
        return waiting.until(new, seconds, "the operator's next container", 0.02)

    def pods(self):
        return self.api.get(OPERATOR_PODS)["items"]

    def replace_pod(self):
        for pod in self.pods():
            self.api.delete(f"{PODS}/{pod['metadata']['name']}")

    def unharmed(self):
        """Whether no container has been restarted: the kubelet delays each further restart of a pod more."""
        statuses = [status for pod in self.pods() for status in pod["status"].get("containerStatuses", [])]
        return self.container() and sum(status["restartCount"] for status in statuses) == 0

    def log_as(self, form):
        """"text" or "json", for the containers to come. Returns whether that is news."""
        wanted = None if form == "text" else json.dumps({"format": form})
        if self.api.get(CONFIG)["data"].get(LOG_OPTIONS) == wanted:
            return False
        self.api.merge(CONFIG, {"data": {LOG_OPTIONS: wanted}})
        return True

    def scale(self, replicas):
        self.api.merge(DEPLOYMENT, {"spec": {"replicas": replicas}})

    def leader(self):
        """Who holds the Lease; "" if it was given up, None if it doesn't exist."""
        lease = self.api.find(LEASE)
        return lease and (lease["spec"].get("holderIdentity") or "")

    def log(self):
        """What the newest container has said so far."""
        logs = self.pod_logs.glob("*_cilium-operator-*/*/*.log")
        try:
            newest = max(logs, key=lambda log: log.stat().st_mtime, default=None)
            return newest.read_text() if newest else ""
        except FileNotFoundError:  # its pod went meanwhile
            return ""

    def keep_logs(self, folder):
        """The kubelet removes a pod's logs together with the pod; a second name for the file keeps them."""
        for log in self.pod_logs.glob("*_cilium-operator-*/*/*.log"):
            pod = log.parent.parent.name.split("_")[1]
            try:
                os.link(log, folder / f"{pod}-{log.name}")
            except (FileExistsError, FileNotFoundError):
                pass

    def controller_on(self):
        """Whether the Gateway controller runs: not before its operator leads."""
        return bool(GATEWAY_STARTED.search(self.log())) if self.retries else self.gateway_series()

    @staticmethod
    def gateway_series():
        connection = http.client.HTTPConnection(*settings.METRICS, timeout=2)
        try:
            connection.request("GET", "/metrics")
            return GATEWAY_WORKERS in connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def is_operator(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe").endswith("/cilium-operator-generic")
    except OSError:
        return False

# SPDX-License-Identifier: Apache-2.0
"""etcd, the API server, the controller manager and the scheduler."""

import http.client
import json
import ssl

from . import pki, settings, waiting
from .kube import Api, ApiError

# Who wrote what: enough to prove that the agent wrote nothing. Reads are most of the traffic and prove nothing; only
# the agent's own tell what it knew, and since when.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "omitManagedFields": True,
    "rules": [{"level": "Metadata", "users": [settings.AGENT_USER, settings.ACCOUNT_USER]},
              {"level": "None", "verbs": ["get", "list", "watch"]}, {"level": "Metadata"}],
}
API_NAMES = "DNS:kubernetes,DNS:kubernetes.default,DNS:localhost,IP:127.0.0.1,IP:10.43.0.1"


class Cluster:
    def __init__(self, scratch, start):
        self.scratch, self.start = scratch, start
        self.authority = pki.Authority(scratch / "pki")
        self.server_pair = self.authority.issue("apiserver", "/CN=kube-apiserver", API_NAMES)
        self.admin_pair = self.authority.issue("admin-client", "/O=system:masters/CN=bed")
        self.token_keys = self.authority.token_keys()
        self.audit_log = scratch / "log" / "audit.jsonl"
        self.api = Api(settings.API, self.authority.certificate, *self.admin_pair)

    def kubeconfig(self, name, subject):
        server = "https://{}:{}".format(*settings.API)
        return self.authority.kubeconfig(self.scratch / f"{name}.kubeconfig", name, subject, server)

    def up(self):
        self.start_etcd()
        self.start_api_server()
        waiting.until(self.ready, 60, "the API server")
        self.start_controller_manager()
        self.start_scheduler()

    def start_etcd(self):
        # The data is not worth an fsync: no run outlives its etcd.
        self.start("etcd", settings.control_plane() / "etcd", "--data-dir", self.scratch / "etcd",
                   "--unsafe-no-fsync", "--log-level", "warn", "--listen-client-urls", settings.ETCD,
                   "--advertise-client-urls", settings.ETCD, "--listen-peer-urls", "http://127.0.0.1:2380")

    def start_api_server(self):
        policy = self.scratch / "audit-policy.json"
        policy.write_text(json.dumps(AUDIT_POLICY))
        certificate, key = self.server_pair
        sign, verify = self.token_keys
        address, port = settings.API
        self.start("apiserver", settings.control_plane() / "kube-apiserver", "--etcd-servers", settings.ETCD,
                   "--bind-address", address, "--advertise-address", address, "--secure-port", port,
                   "--endpoint-reconciler-type", "none", "--service-cluster-ip-range", settings.SERVICE_SUBNET,
                   "--tls-cert-file", certificate, "--tls-private-key-file", key,
                   "--client-ca-file", self.authority.certificate, "--anonymous-auth=false",
                   "--authorization-mode", "Node,RBAC", "--allow-privileged",
                   "--service-account-issuer", "https://kubernetes.default.svc",
                   "--service-account-signing-key-file", sign, "--service-account-key-file", verify,
                   "--kubelet-client-certificate", self.admin_pair[0], "--kubelet-client-key", self.admin_pair[1],
                   "--kubelet-preferred-address-types", "InternalIP",
                   "--audit-policy-file", policy, "--audit-log-path", self.audit_log, "--audit-log-maxsize", 1000)

    def start_controller_manager(self):
        sign, _ = self.token_keys
        self.start("controller-manager", settings.control_plane() / "kube-controller-manager", "--leader-elect=false",
                   "--kubeconfig", self.kubeconfig("controller-manager", "/CN=system:kube-controller-manager"),
                   "--use-service-account-credentials", "--service-account-private-key-file", sign,
                   "--root-ca-file", self.authority.certificate)

    def start_scheduler(self):
        self.start("scheduler", settings.control_plane() / "kube-scheduler", "--leader-elect=false",
                   "--kubeconfig", self.kubeconfig("scheduler", "/CN=system:kube-scheduler"))

    def ready(self):
        try:
            return self.api.text("/readyz") == "ok"
        except (OSError, ApiError, ssl.SSLError, http.client.HTTPException):
            return False

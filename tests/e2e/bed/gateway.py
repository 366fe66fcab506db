# SPDX-License-Identifier: Apache-2.0
"""A Gateway with HTTPS listeners, three unless a case wants others, each with a Secret of its own, and a web server
behind it."""

import base64
import dataclasses
import http.server
import ssl
import threading

from . import pki, settings

NAMESPACE = "default"
NAME = "web"
GROUP = "/apis/gateway.networking.k8s.io/v1"
GATEWAYS = f"{GROUP}/namespaces/{NAMESPACE}/gateways"
# For a certificate from another namespace; 1.18 knows no other version, 1.20's bundle still serves it.
GRANT_VERSION = "gateway.networking.k8s.io/v1beta1"
# A copy has what its source has, so the sources have something of each kind.
MARKS = {"labels": {"gatewake.test/label": "of-the-source"},
         "annotations": {"gatewake.test/annotation": "of the source"}}


@dataclasses.dataclass(frozen=True)
class Source:
    """A Secret and the listener that refers to it."""
    listener: str
    namespace: str = NAMESPACE

    @property
    def name(self):
        return f"{self.listener}-tls"

    @property
    def hostname(self):
        return f"{self.listener}.gatewake.test"

    def __str__(self):
        return f"{self.namespace}/{self.name}"


USUAL = tuple(map(Source, ("alpha", "beta", "gamma")))


class Gateway:
    def __init__(self, api):
        self.api = api
        self.sources = []  # those that the operator and the agent have to copy
        self.beside = []  # others that listeners refer to
        self.leaves = {}  # hostname -> DER, of the former

    def create(self):
        self.api.apply(f"/api/v1/namespaces/{NAMESPACE}/services", service())
        self.refer_to(USUAL)
        self.api.apply(f"{GROUP}/namespaces/{NAMESPACE}/httproutes", route())

    def refer_to(self, sources, beside=()):
        """Gives the Gateway these listeners and no others, with a Secret for each that had none."""
        before, now = {*self.sources, *self.beside}, {*sources, *beside}
        if before == now and set(self.sources) == set(sources):
            return
        self.sources, self.beside = list(sources), list(beside)
        for source in sorted(now - before, key=str):
            self.renew(source)
        self.api.apply(GATEWAYS, gateway([*sources, *beside]))
        for source in before - now:
            self.api.delete(f"/api/v1/namespaces/{source.namespace}/secrets/{source.name}")
            self.leaves.pop(source.hostname, None)

    def renew(self, source, days=30):
        """A new key and certificate; returns the certificate as it stands in the Secret."""
        if source.namespace != NAMESPACE:
            self.api.apply("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace",
                                                  "metadata": {"name": source.namespace}})
        certificate, key = pki.leaf(source.hostname, days)
        if source in self.sources:
            self.leaves[source.hostname] = ssl.PEM_cert_to_DER_cert(certificate)
        texts = {"tls.crt": certificate, "tls.key": key, "note.txt": "whatever else the Secret holds\n"}
        data = {entry: base64.b64encode(text.encode()).decode() for entry, text in texts.items()}
        self.api.apply(f"/api/v1/namespaces/{source.namespace}/secrets", {
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": source.name, **MARKS}, "data": data})
        return data["tls.crt"]

    def grant(self, namespace):
        """Gateways of ours may refer to Secrets in that namespace."""
        self.api.apply(f"/apis/{GRANT_VERSION}/namespaces/{namespace}/referencegrants", {
            "apiVersion": GRANT_VERSION, "kind": "ReferenceGrant", "metadata": {"name": NAME}, "spec": {
                "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": NAMESPACE}],
                "to": [{"group": "", "kind": "Secret"}]}})

    def withdraw_grant(self, namespace):
        self.api.delete(f"/apis/{GRANT_VERSION}/namespaces/{namespace}/referencegrants/{NAME}")

    def create_pool(self):
        first, last = settings.GATEWAY_POOL
        self.api.apply("/apis/cilium.io/v2/ciliumloadbalancerippools", {
            "apiVersion": "cilium.io/v2", "kind": "CiliumLoadBalancerIPPool", "metadata": {"name": "loopback"},
            "spec": {"blocks": [{"start": first, "stop": last}]}})

    def address(self):
        found = self.api.get(f"{GATEWAYS}/{NAME}")["status"].get("addresses") or []
        return found[0]["value"] if found else None


def gateway(sources):
    listeners = [{"name": source.listener, "hostname": source.hostname, "port": 443, "protocol": "HTTPS",
                  "tls": {"certificateRefs": [{"kind": "Secret", "name": source.name, "namespace": source.namespace}]}}
                 for source in sources]
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": NAME},
            "spec": {"gatewayClassName": "cilium", "listeners": listeners}}


def route():
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": NAME},
            "spec": {"parentRefs": [{"name": NAME}], "rules": [{"backendRefs": [{"name": NAME, "port": 80}]}]}}


def service():
    """Without a selector: the feed sends Envoy to our own web server."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME},
            "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


def serve_web():
    server = http.server.ThreadingHTTPServer(settings.UPSTREAM, Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()

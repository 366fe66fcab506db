# SPDX-License-Identifier: Apache-2.0
"""A Gateway with three HTTPS listeners, each with a Secret of its own, and a web server behind it."""

import base64
import http.server
import ssl
import threading

from . import pki, settings

NAMESPACE = "default"
NAME = "web"
HOSTNAMES = {f"{name}-tls": f"{name}.gatewake.test" for name in ("alpha", "beta", "gamma")}
GROUP = "/apis/gateway.networking.k8s.io/v1"
GATEWAYS = f"{GROUP}/namespaces/{NAMESPACE}/gateways"


class Gateway:
    def __init__(self, api):
        self.api = api
        self.leaves = {}  # hostname -> DER

    def create(self):
        for secret, hostname in HOSTNAMES.items():
            self.create_secret(secret, hostname)
        self.api.apply(f"/api/v1/namespaces/{NAMESPACE}/services", service())
        self.api.apply(GATEWAYS, gateway())
        self.api.apply(f"{GROUP}/namespaces/{NAMESPACE}/httproutes", route())

    def create_secret(self, name, hostname):
        certificate, key = pki.leaf(hostname)
        self.leaves[hostname] = ssl.PEM_cert_to_DER_cert(certificate)
        data = {"tls.crt": certificate, "tls.key": key}
        self.api.apply(f"/api/v1/namespaces/{NAMESPACE}/secrets", {
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": name},
            "data": {entry: base64.b64encode(text.encode()).decode() for entry, text in data.items()}})

    def create_pool(self):
        first, last = settings.GATEWAY_POOL
        self.api.apply("/apis/cilium.io/v2/ciliumloadbalancerippools", {
            "apiVersion": "cilium.io/v2", "kind": "CiliumLoadBalancerIPPool", "metadata": {"name": "loopback"},
            "spec": {"blocks": [{"start": first, "stop": last}]}})

    def address(self):
        found = self.api.get(f"{GATEWAYS}/{NAME}")["status"].get("addresses") or []
        return found[0]["value"] if found else None


def gateway():
    listeners = [{"name": secret.removesuffix("-tls"), "hostname": hostname, "port": 443, "protocol": "HTTPS",
                  "tls": {"certificateRefs": [{"kind": "Secret", "name": secret}]}}
                 for secret, hostname in HOSTNAMES.items()]
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

# SPDX-License-Identifier: Apache-2.0
"""A real Envoy, fed as the Cilium agent feeds it: CiliumEnvoyConfigs become listeners, routes and clusters, copies
become certificates.

The feed (files) and Envoy (a process) are apart on purpose. An Envoy that reads its certificates from files keeps a
deleted one in memory, while the agent's would drop it: what a loss does to clients shows only on a fresh process.
"""

import contextlib
import copy
import json
import os
import socket
import threading

from . import settings, waiting
from .processes import Process

TLS_SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
CONFIGS = "/apis/cilium.io/v2/ciliumenvoyconfigs"


class Feed:
    """Keeps the xDS files in step with the cluster, from threads of its own; after flush() they are."""

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()
        self.lock = threading.Lock()
        self.changed = threading.Event()
        self.configs, self.copies, self.written = {}, {}, {}
        self.address = None  # known once the Gateway has one
        self.write()

    def follow(self, api):
        threading.Thread(target=self.follow_configs, args=(api,), daemon=True).start()
        threading.Thread(target=self.write_changes, daemon=True).start()

    def follow_configs(self, api):
        for kind, config in api.events(CONFIGS):
            self.note(self.configs, kind, config)

    def note_copy(self, kind, secret):
        self.note(self.copies, kind, secret)

    def note(self, known, kind, thing):
        """Without the lock: a write of many listeners takes longer than the events come apart, and each counts."""
        key = "{namespace}/{name}".format(**thing["metadata"])
        if kind == "DELETED":
            known.pop(key, None)
        else:
            known[key] = thing
        self.changed.set()

    def write_changes(self):
        while self.changed.wait():
            self.changed.clear()
            self.flush()

    def flush(self):
        with self.lock:
            self.write()

    def listen_on(self, address):
        with self.lock:
            self.address = address
            self.write()

    def write(self):
        listeners, clusters, names = [], [], set()
        for config in list(self.configs.values()):
            for resource in copy.deepcopy(config["spec"].get("resources", [])):
                kind = resource["@type"].rpartition(".")[2]
                if kind == "Listener" and self.address:
                    names |= self.adapt(resource)
                    listeners.append({**resource, "address": socket_address(self.address, 443)})
                elif kind == "RouteConfiguration":
                    self.put(self.file("routes", resource["name"]), [resource])
                elif kind == "Cluster":
                    clusters.append(cluster(resource))
        for name in names:
            self.put(self.file("secret", name), self.certificate(name))
        self.put("clusters", clusters)
        self.put("listeners", listeners)

    def adapt(self, listener):
        """Fills in the sources that the agent would fill in. Returns the names of the secrets it asks for."""
        listener.pop("socketOptions", None)  # marks for the agent's BPF
        names = set()
        for node in nodes(listener):
            for secret in node.get("tlsCertificateSdsSecretConfigs", []):
                names.add(secret["name"])
                secret["sdsConfig"] = self.source(self.file("secret", secret["name"]))
            if "rds" in node:
                node["rds"]["configSource"] = self.source(self.file("routes", node["rds"]["routeConfigName"]))
        return names

    def certificate(self, name):
        """As a list: empty where there is no copy, as the agent's answer is."""
        data = self.copies.get(name, {}).get("data", {})
        if not {"tls.crt", "tls.key"} <= data.keys():
            return []
        return [{"@type": TLS_SECRET, "name": name, "tls_certificate": {
            "certificate_chain": {"inline_bytes": data["tls.crt"]}, "private_key": {"inline_bytes": data["tls.key"]}}}]

    def put(self, name, resources):
        if self.written.get(name) == resources:
            return
        path = self.folder / f"{name}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"resources": resources}))
        os.replace(fresh, path)
        self.written[name] = resources

    def source(self, name):
        return {"resource_api_version": "V3", "path_config_source": {
            "path": str(self.folder / f"{name}.json"), "watched_directory": {"path": str(self.folder)}}}

    def bootstrap(self):
        return {"node": {"id": settings.NODE, "cluster": "bed"},
                "admin": {"address": socket_address(*settings.ENVOY_ADMIN)},
                "dynamic_resources": {"lds_config": self.source("listeners"), "cds_config": self.source("clusters")}}

    @staticmethod
    def file(kind, name):
        return f"{kind}-{name.replace('/', '_')}"


def nodes(tree):
    """Every object of a JSON tree."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from nodes(part)


def socket_address(address, port):
    return {"socket_address": {"address": address, "port_value": port}}


def cluster(resource):
    """The agent would answer with the Service's endpoints; in the bed every Service is our web server."""
    endpoint = {"endpoint": {"address": socket_address(*settings.UPSTREAM)}}
    return {"@type": resource["@type"], "name": resource["name"], "type": "STATIC", "connect_timeout": "2s",
            "load_assignment": {"cluster_name": resource["name"], "endpoints": [{"lb_endpoints": [endpoint]}]}}


class Envoy:
    def __init__(self, feed, scratch):
        self.feed, self.scratch = feed, scratch
        self.lock = threading.Lock()
        self.process = None
        self.starts = 0

    def restart(self):
        """A fresh process, which knows only what the feed holds now. Returns once it accepts connections."""
        with self.lock:
            self.stop()
            self.starts += 1
            self.feed.flush()
            bootstrap = self.scratch / "envoy.json"
            bootstrap.write_text(json.dumps(self.feed.bootstrap()))
            self.process = Process(self.scratch / "log" / "envoy.log", [
                settings.cache() / f"envoy-{settings.VERSIONS['ENVOY']}", "--config-path", bootstrap,
                "--concurrency", 1, "--disable-hot-restart", "--log-level", "warning"])
            waiting.until(self.accepts, 15, "a fresh Envoy to listen", 0.02)

    def stop(self):
        if self.process:
            self.process.kill()

    def accepts(self):
        with contextlib.suppress(OSError), socket.create_connection((self.feed.address, 443), timeout=1):
            return True
        return False

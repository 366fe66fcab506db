# SPDX-License-Identifier: Apache-2.0
"""Versions, names and addresses that more than one part of the bed needs.

All addresses lie inside the bed's own network namespace: they can't clash with the host's, nor be reached from
outside.
"""

import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent.parent
VERSIONS = dict(line.split("=", 1) for line in (HERE / "versions").read_text().splitlines()
                if line and not line.startswith("#"))

NODE = "pi"
API = ("127.0.0.1", 6443)
VIP = ("127.0.0.1", 7443)
ETCD = "http://127.0.0.1:2379"
METRICS = ("127.0.0.1", 9963)
UPSTREAM = ("127.0.0.1", 8080)
ENVOY_ADMIN = ("127.0.0.1", 9901)
BRIDGE = "bedcni0"
BRIDGE_SUBNET = "10.42.0.0/24"
NODE_ADDRESS = "10.42.0.1"
SERVICE_SUBNET = "10.43.0.0/16"
GATEWAY_POOL = ("127.7.7.1", "127.7.7.9")

AGENT_USER = "gatewake"
ACCOUNT_USER = "system:serviceaccount:kube-system:gatewake"  # what `gatewake setup` makes
OPERATOR_USER = "system:serviceaccount:kube-system:cilium-operator"
OPERATOR_NAMESPACE = "kube-system"
OPERATOR_LABEL = "io.cilium/app=operator"
LEASE = "cilium-operator-resource-lock"
COPIES_NAMESPACE = "cilium-secrets"
COPY_OF_NAMESPACE = "secretsync.cilium.io/owning-secret-namespace"
COPY_OF_NAME = "secretsync.cilium.io/owning-secret-name"

WATCHED_FOR = 600.0  # by `footprint`, an agent that has nothing to do; s


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("GATEWAKE_CACHE") or pathlib.Path(base) / "gatewake")


def control_plane():
    return cache() / f"controlplane-{VERSIONS['KUBERNETES']}-{VERSIONS['ETCD']}"


def gateway_api(cilium):
    minor = "_".join(cilium.split(".")[:2])
    return cache() / f"gateway-api-{VERSIONS['GATEWAY_API_' + minor]}"

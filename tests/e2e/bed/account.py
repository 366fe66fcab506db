# SPDX-License-Identifier: Apache-2.0
"""The account that `gatewake setup` makes: how it is made, what it may do, and what it is refused."""

import base64
import contextlib
import dataclasses
import json
import re
import subprocess

from . import settings, waiting
from .kube import Api, ApiError

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
OURS = "labelSelector=app.kubernetes.io/managed-by=gatewake"
COLLECTIONS = (f"{ADMISSION}/validatingadmissionpolicies", f"{ADMISSION}/validatingadmissionpolicybindings",
               "/api/v1/serviceaccounts", "/api/v1/secrets", f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings",
               f"{RBAC}/roles", f"{RBAC}/rolebindings")
KNOWN_WITHIN = 10.0  # until the API server goes by a Role that was changed


@dataclasses.dataclass(frozen=True)
class Right:
    verb: str
    resource: str  # with its subresource
    namespace: str = ""
    names: tuple = ()

    def __str__(self):
        return f"{self.verb} {self.resource}"


class Account:
    def __init__(self, bed, program):
        self.bed, self.program = bed, program
        self.kubeconfig = bed.scratch / "account.kubeconfig"

    def run(self, *words):
        """Runs `gatewake setup` as the administrator."""
        command = [self.program, "setup", "--kubeconfig", self.bed.admin, "--out", self.kubeconfig, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def printed(self):
        command = [self.program, "rbac", "--kubeconfig", self.bed.admin]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    @property
    def token(self):
        return re.search(r"token: (\S+)", self.kubeconfig.read_text()).group(1)

    def claims(self):
        part = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def api(self):
        return Api(settings.API, self.bed.cluster.authority.certificate, token=self.token)

    def objects(self):
        """All that carries the label, as (collection, namespace/name)."""
        return {(collection, "/".join(filter(None, (item["metadata"].get("namespace"), item["metadata"]["name"]))))
                for collection in COLLECTIONS for item in self.bed.api.get(f"{collection}?{OURS}")["items"]}

    def roles(self):
        """The path of each of our Roles, and what it holds."""
        for item in self.bed.api.get(f"{RBAC}/clusterroles?{OURS}")["items"]:
            yield f"{RBAC}/clusterroles/{item['metadata']['name']}", item
        for item in self.bed.api.get(f"{RBAC}/roles?{OURS}")["items"]:
            place, name = item["metadata"]["namespace"], item["metadata"]["name"]
            yield f"{RBAC}/namespaces/{place}/roles/{name}", item

    def rights(self):
        """Each verb of each rule: (path of its Role, number of the rule, Right)."""
        return [(path, number, Right(verb, resource, role["metadata"].get("namespace", ""),
                                     tuple(rule.get("resourceNames", ()))))
                for path, role in self.roles() for number, rule in enumerate(role["rules"])
                for resource in rule["resources"] for verb in rule["verbs"]]

    @contextlib.contextmanager
    def without(self, path, number, verb):
        """That rule without that verb, for a while."""
        whole = self.bed.api.get(path)["rules"]
        less = json.loads(json.dumps(whole))
        less[number]["verbs"].remove(verb)
        if not less[number]["verbs"]:
            del less[number]
        self.bed.api.merge(path, {"rules": less})
        try:
            yield
        finally:
            self.bed.api.merge(path, {"rules": whole})


def status_of(api, method, uri, body=None):
    """What the API server answers: its status and its words."""
    try:
        connection, response = api.open(method, uri, body)
    except ApiError as error:
        return error.status, str(error)
    with response:
        status = response.status
    connection.close()
    return status, ""


def await_status(api, method, uri, body, allowed):
    """Until the API server goes by the rule as it is now; the last status."""
    def known():
        status, words = status_of(api, method, uri, body)
        return ((status != 403) == allowed) and (status, words)

    try:
        return waiting.until(known, KNOWN_WITHIN, "the rule to be known", 0.05)
    except waiting.TimedOut:
        return status_of(api, method, uri, body)

# SPDX-License-Identifier: Apache-2.0
"""A small Kubernetes client. The suite looks several times a second, and kubectl takes a tenth of one to start."""

import http.client
import json
import ssl
import time


class ApiError(Exception):
    def __init__(self, status, text):
        super().__init__(f"HTTP {status}: {text[:300]}")
        self.status = status


class Api:
    def __init__(self, address, authority, certificate=None, key=None, token=None):
        self.address = address
        self.context = ssl.create_default_context(cafile=str(authority))
        self.headers = {"Accept": "application/json", "User-Agent": "bed"}
        if certificate:
            self.context.load_cert_chain(str(certificate), str(key))
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def open(self, method, path, body=None, content="application/json", timeout=10):
        connection = http.client.HTTPSConnection(*self.address, context=self.context, timeout=timeout)
        connection.request(method, path, body=None if body is None else json.dumps(body),
                           headers={"Content-Type": content, **self.headers})
        response = connection.getresponse()
        if response.status >= 300:
            text = response.read().decode(errors="replace")
            connection.close()
            raise ApiError(response.status, text)
        return connection, response

    def text(self, path):
        connection, response = self.open("GET", path)
        with response:
            text = response.read().decode(errors="replace")
        connection.close()
        return text

    def request(self, method, path, body=None, content="application/json"):
        connection, response = self.open(method, path, body, content)
        with response:
            answer = json.loads(response.read())
        connection.close()
        return answer

    def get(self, path):
        return self.request("GET", path)

    def find(self, path):
        """As get, but None for what doesn't exist."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def apply(self, path, thing):
        return self.request("PATCH", f"{path}/{thing['metadata']['name']}?fieldManager=bed&force=true", thing,
                            "application/apply-patch+yaml")

    def merge(self, path, patch):
        return self.request("PATCH", path, patch, "application/merge-patch+json")

    def delete(self, path):
        """What is gone already is as good as deleted."""
        try:
            self.request("DELETE", path)
        except ApiError as error:
            if error.status != 404:
                raise

    def events(self, path):
        """Yields (type, object) for ever: what there is as ADDED, then each change. Runs in a thread of its own."""
        while True:
            try:
                yield from self.list_and_watch(path)
            except (OSError, ApiError, ValueError, http.client.HTTPException):
                time.sleep(0.2)

    def list_and_watch(self, path):
        found = self.get(path)
        for item in found["items"]:
            yield "ADDED", item
        version = found["metadata"]["resourceVersion"]
        connection, response = self.open("GET", f"{path}?watch=1&resourceVersion={version}", timeout=None)
        with response:
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(event["object"].get("code", 0), "watch ended")
                yield event["type"], event["object"]
        connection.close()

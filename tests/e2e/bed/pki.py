# SPDX-License-Identifier: Apache-2.0
"""Certificates and kubeconfigs of a throw-away cluster, made with openssl."""

import base64
import os
import subprocess

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.certificate = folder / "ca.crt"
        self.key = folder / "ca.key"
        folder.mkdir(mode=0o700)
        openssl("req", "-x509", *EC, "-days", 30, "-subj", "/CN=bed", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, subject, names=""):
        """Returns the paths of a certificate and its key, good for a server and for a client."""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("crt", "key", "csr"))
        extensions = ["-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=serverAuth,clientAuth"]
        if names:
            extensions += ["-addext", f"subjectAltName={names}"]
        openssl("req", *EC, "-subj", subject, *extensions, "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", 30, "-copy_extensions", "copyall", "-out", certificate)
        return certificate, key

    def kubeconfig(self, path, user, subject, server):
        """Everything inline, as in the file that k3s writes."""
        certificate, key = self.issue(user, subject)
        text = TEMPLATE.format(server=server, user=user, ca=encoded(self.certificate),
                               certificate=encoded(certificate), key=encoded(key))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        return path

    def token_keys(self):
        """The pair that signs and checks service account tokens."""
        private, public = self.folder / "tokens.key", self.folder / "tokens.pub"
        openssl("genrsa", "-out", private, 2048)
        openssl("rsa", "-in", private, "-pubout", "-out", public)
        return private, public


def leaf(hostname, days):
    """A self-signed certificate and its key, as PEM."""
    both = openssl("req", "-x509", *EC, "-days", days, "-subj", f"/CN={hostname}", "-addext",
                   f"subjectAltName=DNS:{hostname}", "-keyout", "-", "-out", "-").decode()
    start = both.index("-----BEGIN CERTIFICATE-----")
    return both[start:], both[:start]


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()


TEMPLATE = """\
apiVersion: v1
kind: Config
clusters:
- name: bed
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: bed
  context:
    cluster: bed
    user: {user}
current-context: bed
"""

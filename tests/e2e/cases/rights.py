# SPDX-License-Identifier: Apache-2.0
"""`gatewake setup`: what it makes, that it is enough, and that nothing less would do."""

import contextlib
import stat
import time

from bed import settings, waiting
from bed.account import Account, await_status, status_of
from bed.gateway import USUAL, Source

from .case import case
from .late import late_arrival
from .race import run_race, start_agent

SETUP_WITHIN = 15.0
PODS = f"/api/v1/namespaces/{settings.OPERATOR_NAMESPACE}/pods"
COPIES = f"/api/v1/namespaces/{settings.COPIES_NAMESPACE}/secrets"
OWNED = {settings.COPY_OF_NAMESPACE: "default", settings.COPY_OF_NAME: "stray-tls"}
NEW = Source("delta", namespace="vault")
TOLD_WITHIN = 30.0
DRY = "dryRun=All"
EVERYBODYS = "/readyz"  # the API server's own default
# Of what is granted, no 1.18 or 1.19 operator has it.
SINCE_1_20 = {("list", "listenersets"), ("watch", "listenersets")}


@contextlib.contextmanager
def identity_of(agent, kubeconfig):
    """The agent with that kubeconfig, and the audit log's eyes on its account."""
    before, user = agent.kubeconfig, settings.AGENT_USER
    agent.kubeconfig, settings.AGENT_USER = kubeconfig, settings.ACCOUNT_USER
    try:
        yield
    finally:
        agent.kill()
        agent.kubeconfig, settings.AGENT_USER = before, user


def set_up(bed, agent, report):
    """A new account. None if that fails."""
    account = Account(bed, agent.program)
    account.run("--undo")
    dry = account.run("--dry-run")
    report.check(dry.returncode == 0 and dry.stdout.count("would create ") == len(dry.stdout.splitlines()) > 10,
                 f"--dry-run of a new account says what it would do: {dry.returncode} {dry.stdout}{dry.stderr}")
    report.check(not account.objects(), "and makes nothing")
    began = time.monotonic()
    done = account.run()
    report.figure("setup, s", time.monotonic() - began)
    report.check(time.monotonic() - began <= SETUP_WITHIN, f"setup is done within {SETUP_WITHIN} s")
    words = done.stdout + done.stderr
    if not report.check(done.returncode == 0, f"setup exits 0, not {done.returncode}: {words}"):
        return None
    return account


@case("least-rights")
def least_rights(bed, agent, report):
    """With no right but those that setup gives, the agent wins the race, and repairs what was lost before it came."""
    bed.heal()
    account = set_up(bed, agent, report)
    if not account:
        return
    began = time.monotonic()
    with identity_of(agent, account.kubeconfig):
        run_race(bed, agent, report)
        agent.kill()
        late_arrival(bed, agent, report)
    expect_all_used(bed, account, report, began)
    expect_each_needed(bed, account, report, began)


def expect_all_used(bed, account, report, began):
    """What was granted is what was asked for, verb by verb."""
    asked = [request for request in bed.audit.asked(settings.ACCOUNT_USER, began)
             if request.resource != "selfsubjectaccessreviews" and not request.resource.startswith(EVERYBODYS)]
    refused = [str(request) for request in asked if request.status in (401, 403)]
    report.check(not refused, f"nothing is refused: {refused[:5]}")
    used = {(request.verb, request.resource.partition("?")[0]) for request in asked}
    granted = {(right.verb, right.resource) for _, _, right in account.rights()}
    report.figure("verbs granted", len(granted))
    unused = granted - used - (SINCE_1_20 if not is_1_20(bed) else set())
    report.check(not unused, f"no verb is granted in vain: {sorted(unused)}")
    report.check(used <= granted, f"what was asked for was granted by setup: {sorted(used - granted)}")


def is_1_20(bed):
    return tuple(map(int, bed.version.split(".")[:2])) >= (1, 20)


def expect_each_needed(bed, account, report, began):
    """Each verb is taken away once: the agent's own request is then refused. And given back: it isn't."""
    api, needed = account.api(), 0
    for path, number, right in account.rights():
        method, uri, body = request_of(bed, right, began)
        if not report.check(uri, f"the agent had a use for {right}"):
            continue
        with account.without(path, number, right.verb):
            status, _ = await_status(api, method, uri, body, allowed=False)
        refused = report.check(status == 403, f"without {right} in {path}, {method} {uri} is refused, not {status}")
        status, words = await_status(api, method, uri, body, allowed=True)
        needed += bool(refused and report.check(status != 403, f"with {right}, {method} {uri} is allowed: {words}"))
    report.figure("verbs whose lack was seen", needed)


def request_of(bed, right, began):
    """The agent's last such request; of one that changes something, its like that doesn't."""
    if (right.verb, right.resource) == ("delete", "pods"):
        return "DELETE", f"{PODS}/{bed.operator.pods()[0]['metadata']['name']}?{DRY}", None
    if (right.verb, right.resource) == ("create", "secrets"):
        return "POST", f"{COPIES}?{DRY}", secret()
    if right.resource == "listenersets":  # the CRD need not be there: who may not ask is told so all the same
        return "GET", "/apis/gateway.networking.k8s.io/v1/listenersets" + "?watch=1" * (right.verb == "watch"), None
    asked = bed.audit.asked(settings.ACCOUNT_USER, began)
    place = {"secrets": settings.COPIES_NAMESPACE}.get(right.resource) if "get" != right.verb else right.namespace
    return "GET", next((request.uri for request in reversed(asked) if request.verb == right.verb and
                       request.resource.partition("?")[0] == right.resource and
                       (right.resource != "secrets" or f"/namespaces/{place}/" in request.uri)), None), None


def secret(**changes):
    thing = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
             "metadata": {"name": "default-stray-tls", "labels": OWNED}, "data": {"tls.crt": "", "tls.key": ""}}
    thing.update(changes)
    return thing


@case("policy")
def policy(bed, agent, report):
    """What no Role can say: which pods the account may delete, and which Secrets it may create."""
    bed.heal()
    account = set_up(bed, agent, report)
    if not account:
        return
    api = account.api()
    expect_pods(bed, report, api)
    expect_copies(report, api)


def expect_pods(bed, report, api):
    operator = bed.operator.pods()[0]["metadata"]["name"]
    for name, labels in (("bystander", {"app": "bystander"}), ("bare", {}), ("other", {"io.cilium/app": "agent"}),
                         ("alike", {"io.cilium/app": "operator"})):
        bed.api.apply(PODS, pod(name, labels))
        delete = f"{PODS}/{name}"
        if name == "alike":
            expect_allowed(report, status_of(api, "DELETE", f"{delete}?{DRY}"), "one like the operator may go")
        else:
            expect_refused(report, "gatewake-pods", status_of(api, "DELETE", delete), f"pod {name} stays")
            report.check(bed.api.find(delete), f"pod {name} is there")
        bed.api.delete(f"{delete}?gracePeriodSeconds=0")
    expect_allowed(report, status_of(api, "DELETE", f"{PODS}/{operator}?{DRY}"), "the operator's own pod may go")
    status, _ = status_of(api, "DELETE", PODS)
    report.check(status == 403, f"all pods at once may not go: {status}")


def pod(name, labels):
    """One that no node takes."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
            "spec": {"nodeSelector": {"gatewake.test/nowhere": "yes"},
                     "containers": [{"name": "none", "image": "none"}]}}


def expect_copies(report, api):
    rows = (("without labels", secret(metadata={"name": "default-stray-tls"})),
            ("with one of the labels", secret(metadata={"name": "default-stray-tls", "labels": {
                settings.COPY_OF_NAME: "stray-tls"}})),
            ("with an empty label", secret(metadata={"name": "default-stray-tls", "labels": OWNED | {
                settings.COPY_OF_NAMESPACE: ""}})),
            ("of another type", secret(type="Opaque")))
    expect_allowed(report, status_of(api, "POST", f"{COPIES}?{DRY}", secret()), "a copy may be created")
    for what, thing in rows:
        expect_refused(report, "gatewake-copies", status_of(api, "POST", COPIES, thing), f"no Secret {what}")
    token = secret(type="kubernetes.io/service-account-token", data={})
    token["metadata"] = {**token["metadata"], "annotations": {"kubernetes.io/service-account.name": "default"}}
    expect_refused(report, "gatewake-copies", status_of(api, "POST", COPIES, token), "no token of another account")
    for place in ("default", settings.OPERATOR_NAMESPACE):
        status, _ = status_of(api, "POST", f"/api/v1/namespaces/{place}/secrets", secret())
        report.check(status == 403, f"no Secret in {place}: {status}")
        status, _ = status_of(api, "GET", f"/api/v1/namespaces/{place}/secrets")
        report.check(status == 403, f"the Secrets of {place} can't be listed: {status}")


def expect_allowed(report, answer, sentence):
    report.check(answer[0] < 300, f"{sentence}: {answer}")


def expect_refused(report, policy_name, answer, sentence):
    report.check(answer[0] in (403, 422) and policy_name in answer[1], f"{sentence}: {answer}")


@case("setup")
def setup(bed, agent, report):
    """Made once, it is left alone; a new listener needs it again; what is not ours stops it; undo leaves nothing."""
    bed.heal()
    account = set_up(bed, agent, report)
    if not account:
        return
    expect_good_credentials(account, report)
    expect_nothing_the_second_time(bed, account, report)
    expect_mended(bed, account, report)
    expect_new_listener(bed, agent, account, report)
    expect_all_secrets(bed, account, report)
    expect_undone(bed, account, report)
    expect_printed_the_same(bed, account, report)
    expect_foreign_left_alone(bed, account, report)


def expect_good_credentials(account, report):
    mode = stat.S_IMODE(account.kubeconfig.stat().st_mode)
    report.check(mode == 0o600, f"the kubeconfig is for its owner alone: {mode:o}")
    claims = account.claims()
    report.check(not {"exp", "nbf", "iat"} & {*claims}, f"the token has no dates: {sorted(claims)}")
    report.check(status_of(account.api(), "GET", "/readyz")[0] == 200, "the token is good")


def expect_nothing_the_second_time(bed, account, report):
    versions = {path: role["metadata"]["resourceVersion"] for path, role in account.roles()}
    file = account.kubeconfig.stat()
    again = account.run()
    first = {line.split()[0] for line in again.stdout.splitlines()}
    report.check(again.returncode == 0 and not again.stderr, f"a second run exits 0: {again.stderr}")
    report.check(first == {"unchanged", "checked"}, f"a second run changes nothing: {again.stdout}")
    report.check(account.token not in again.stdout + again.stderr, "the token is not printed")
    now = {path: role["metadata"]["resourceVersion"] for path, role in account.roles()}
    report.check(now == versions, "no Role has another version")
    after = account.kubeconfig.stat()
    report.check((after.st_ino, after.st_mtime_ns) == (file.st_ino, file.st_mtime_ns), "the file is the same")


def expect_mended(bed, account, report):
    path, number, right = account.rights()[0]
    with account.without(path, number, right.verb):
        dry = account.run("--dry-run")
        report.check("would change ClusterRole gatewake" in dry.stdout, f"--dry-run says what it would: {dry.stdout}")
        done = account.run()
        report.check(done.stdout.count("changed ") - done.stdout.count("unchanged ") == 1 and done.returncode == 0,
                     f"what somebody took away is given back, and no more: {done.stdout}")


def expect_new_listener(bed, agent, account, report):
    with identity_of(agent, account.kubeconfig):
        start_agent(agent, report)
        bed.gateway.refer_to((*USUAL, NEW))
        bed.gateway.grant(NEW.namespace)
        told = f"{NEW} may not be read; run sudo gatewake setup again"
        try:
            waiting.until(lambda: told in agent.said(), TOLD_WITHIN, told)
        except waiting.TimedOut:
            report.check(False, f"the agent says: {told}")
    done = account.run()
    report.check(f"created    Role {NEW.namespace}/gatewake-sources" in done.stdout, f"its Role comes: {done.stdout}")
    uri = f"/api/v1/namespaces/{NEW.namespace}/secrets"
    report.check(status_of(account.api(), "GET", f"{uri}/{NEW.name}")[0] == 200, "then it may be read")
    report.check(status_of(account.api(), "GET", f"{uri}/other")[0] == 403, "and no other one")
    bed.gateway.refer_to(USUAL)
    bed.gateway.withdraw_grant(NEW.namespace)
    done = account.run()
    report.check(f"deleted    Role {NEW.namespace}/gatewake-sources" in done.stdout, f"its Role goes: {done.stdout}")


def expect_all_secrets(bed, account, report):
    done = account.run("--all-secrets")
    report.check(done.returncode == 0 and "deleted    Role default/gatewake-sources" in done.stdout,
                 f"with --all-secrets no Role names a source: {done.stdout + done.stderr}")
    where = "/api/v1/namespaces/default/secrets"
    report.check(status_of(account.api(), "GET", f"{where}/other")[0] == 404, "then any Secret may be asked for")
    report.check(status_of(account.api(), "GET", where)[0] == 403, "and none listed")


def expect_undone(bed, account, report):
    api = account.api()
    report.check(account.objects(), "what setup made carries the label")
    done = account.run("--undo")
    report.check(done.returncode == 0 and not done.stderr, f"undo exits 0: {done.stderr}")
    report.check(not account.objects(), f"undo leaves nothing: {account.objects()}")
    report.check(not account.kubeconfig.exists(), "the kubeconfig is gone")
    waiting.until(lambda: status_of(api, "GET", "/readyz")[0] == 401, 20, "the token to be revoked")
    again = account.run("--undo")
    report.check(again.returncode == 0 and not again.stdout, f"a second undo finds nothing: {again.stdout}")


def expect_printed_the_same(bed, account, report):
    """What rbac prints is taken by kubectl, and is what setup would have made."""
    path = bed.scratch / "rbac.yaml"
    path.write_text(account.printed())
    bed.kubectl("apply", "-f", path)
    done = account.run()
    report.check(done.returncode == 0 and "created" not in done.stdout and "\nchanged" not in done.stdout,
                 f"setup finds nothing to do where rbac was applied: {done.stdout + done.stderr}")
    account.run("--undo")


def expect_foreign_left_alone(bed, account, report):
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    theirs = bed.api.apply(path, {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                                  "metadata": {"name": "gatewake"}, "rules": []})
    done = account.run()
    report.check(done.returncode == 1 and "ClusterRole gatewake is there and is not ours" in done.stderr,
                 f"what is not ours is in the way: {done.returncode} {done.stderr}")
    report.check(not account.objects() and not account.kubeconfig.exists(), "then nothing at all is written")
    account.run("--undo")
    now = bed.api.get(f"{path}/gatewake")
    report.check(now["metadata"]["resourceVersion"] == theirs["metadata"]["resourceVersion"], "nor is it removed")
    bed.api.delete(f"{path}/gatewake")

# SPDX-License-Identifier: Apache-2.0
"""An operator that ends again and again: the kubelet starts it ever later, also when what ended it is over."""

import signal
import time

from bed import settings, waiting
from bed.observers import Controller

from .case import case
from .lost import await_status

BACK_OFF = "CrashLoopBackOff"
BACK_OFFS = 3  # the third one is 40 s
BACK_OFF_SECONDS = 40.0
HELD_WITHIN = 330.0  # 1.20 ends 30 s after its start, 1.18 after 74 s; 10 and 20 s of back-off between
POD_DELETED_WITHIN = 1.0  # of the VIP's first answer
CONTROLLER_ON_WITHIN = 30.0
CONTROLLER_ON_ALONE = 120.0
OBSERVED = 60.0
TRAP = "1.20.2"  # the Gateway API of that Cilium lists TLSRoute v1alpha2, and does not serve it
TRAPPED_BEFORE = (1, 20)


def container_status(bed):
    """Of the one operator pod; {} if there is none."""
    for pod in bed.operator.pods():
        for status in pod["status"].get("containerStatuses", []):
            return status
    return {}


def is_held_back(bed, ends):
    status = container_status(bed)
    waits = status.get("state", {}).get("waiting", {}).get("reason") == BACK_OFF
    return waits and status["restartCount"] + 1 > ends


def hold_back(bed, report):
    """The address is refused until the operator has ended so often that its next start is 40 s away."""
    bed.vip.fail("refused")
    bed.operator.signal(signal.SIGKILL)
    began = time.monotonic()
    waiting.until(lambda: is_held_back(bed, BACK_OFFS), HELD_WITHIN, "the operator to be held back", 0.2)
    report.figure("held back for 40 s after the fault, s", time.monotonic() - began)
    return bed.vip.forward()


def controller_after(bed, back, seconds):
    """How long after the VIP's return the Gateway controller is on; None if it isn't."""
    controller = Controller(bed.operator)
    controller.start()
    try:
        on = waiting.until(lambda: controller.on_since(back), seconds, "the Gateway controller")
        return on - back
    except waiting.TimedOut:
        return None
    finally:
        controller.stop()


@case("held-back-no-agent", needs_agent=False, asked_for=True)
def held_back_no_agent(bed, agent, report):
    """Without an agent the back-off is waited for, however long the address has been back."""
    bed.heal()
    back = hold_back(bed, report)
    waiting.until(bed.operator.container, CONTROLLER_ON_ALONE, "the operator's next start", 0.05)
    started = time.monotonic() - back
    report.figure("operator started after the VIP's answer, s", started)
    report.check(started > BACK_OFF_SECONDS / 2, f"the next start waits for its back-off, not only {started:.1f} s")
    on = controller_after(bed, back, CONTROLLER_ON_ALONE)
    report.figure("controller on after the VIP's answer, s", on)
    report.check(on, "the operator recovers by itself in the end")


@case("held-back", asked_for=True)
def held_back(bed, agent, report):
    """The same with the agent: it deletes the pod that is held back, and the next one has no back-off."""
    bed.heal()
    began = agent.start()
    back = hold_back(bed, report)
    on = controller_after(bed, back, CONTROLLER_ON_WITHIN)
    report.figure("controller on after the VIP's answer, s", on)
    report.check(on, f"the Gateway controller is on {CONTROLLER_ON_WITHIN} s after the VIP's answer")
    deletes = pod_deletes(bed, began)
    report.check(len(deletes) == 1, f"the agent deletes one pod, once: {list(map(str, deletes))}")
    if deletes:
        delay = deletes[0].moment - back
        report.figure("pod deleted after the VIP's answer, s", delay)
        report.check(0 <= delay <= POD_DELETED_WITHIN, f"the pod is deleted within {POD_DELETED_WITHIN} s of the "
                     f"VIP's answer, not {delay:.2f} s")
    report.check("the operator is held back after a crash" in agent.said(), "the journal says what it was")
    well = await_status(agent, lambda status: status["controller"]["verdict"] in ("HEALTHY", "PROVEN"), 10)
    report.check(well.get("restarts") == {"count": 0, "failed": 0}, f"the restart was no failure: {well.get('restarts')}")


def pod_deletes(bed, began):
    return [write for write in bed.audit.writes(settings.AGENT_USER, began)
            if (write.verb, write.resource) == ("delete", "pods")]


@case("crashing", asked_for=True)
def crashing(bed, agent, report):
    """The operator ends at each start, for a CRD version that is listed and not served: the agent says so, no more."""
    if not report.check(tuple(map(int, bed.version.split(".")[:2])) < TRAPPED_BEFORE, "a Cilium before 1.20"):
        return
    bed.heal()
    bed.kubectl("apply", "--server-side", "--force-conflicts", "-f", settings.gateway_api(TRAP))  # no way back
    bed.operator.signal(signal.SIGKILL)
    waiting.until(lambda: is_held_back(bed, BACK_OFFS), HELD_WITHIN, "the operator to end again and again", 0.2)
    began = agent.start()
    status = await_status(agent, lambda status: status["controller"]["verdict"] == "CRASHING", 20)
    said = status.get("controller", {})
    report.check((said.get("verdict"), said.get("cause")) == ("CRASHING", "crash-crd"), f"the verdict is {said}")
    report.check("TLSRoute" in said.get("sentence", ""), f"the sentence names the kind: {said.get('sentence')}")
    waiting.reach(began + OBSERVED)
    writes = bed.audit.writes(settings.AGENT_USER, began)
    report.check(not writes, f"the agent writes nothing, not {[str(write) for write in writes[:5]]}")
    report.check(agent.status()[0] == 1, "`gatewake status` exits 1")

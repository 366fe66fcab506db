# SPDX-License-Identifier: Apache-2.0
"""What is looked at: first what the network really does, seen by the observer, then what each agent says of it, and
when. Bounds follow from the protocol's own timers. Each case has namespaces of its own; it ends well or raises."""

import time

from bed.waiting import reach, until
from cluster import NOTICE, SLACK, VIP6
from network import address, link_local
from node import PORT

CASES = {}
ADVERT = 1.0  # seconds between two of them, in all cases
ARP = 3.5  # seconds until the kernel, which asks three times, takes an address for nobody's
SILENCE = 3 * ADVERT + 1  # after so long without one, nobody sends any more, whatever his priority was
BY_TRYING = ("neighbour", "connection")
WITHOUT_RAW = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


def case(**more):
    def register(function):
        function.more = more
        CASES[function.__name__] = function
        return function
    return register


# --- small parts ---

def took(seconds):
    return "-" if seconds is None else f"{seconds * 1000:.0f} ms"


def expect_move(bed, since, to, seconds):
    """The address comes to that node, all agents know it and say so once, and else nothing. Returns when it came."""
    held = bed.wait_holder(to, since, seconds)
    slowest = bed.expect(to, "HERE", held, source="address", detail="eth0")
    for number in bed.numbers:
        if number != to:
            known = bed.expect(number, "PEER", held, source="advert", detail=source_of(bed, to))
            slowest = max(slowest or 0, known or 0)
    reach(held + 3)
    for number in bed.numbers:
        bed.expect_quiet(number, since, held + 3, moves=1)
    return held, slowest


def source_of(bed, number):
    """Of its adverts."""
    return link_local(number, bed.network) if ":" in bed.vip else address(number)


def expect_dual(bed, number, began, heard, other, within=2 * ADVERT):
    """Two hold it: named within two adverts of the first one that gives it away, with what to do, after it began."""
    seconds = bed.expect(number, "DUAL", heard, within, source="advert", detail=source_of(bed, other))
    line = bed.expect_line(number, began, heard + within + NOTICE - began, bed.vip, address(other), "two hosts")
    assert line is None or "systemctl" in line or "journalctl" in line or "ip addr" in line, \
        f"no command in “{line}”"
    return seconds


def both_hold(bed, *numbers):
    assert bed.network.holders(bed.vip) == list(numbers), f"holders: {bed.network.holders(bed.vip)}"


# --- the cases ---

@case(nodes=1)
def start(bed):
    """a host without keepalived yet: the address is nobody's, then here, as soon as it is there"""
    if bed.agents:
        until(lambda: bed.truth.statuses(1, time.monotonic()), 10, "the agent's first word")
        bed.expect(1, ("NOBODY", "UNKNOWN"), time.monotonic())
    began = bed.start(1)
    held = bed.wait_holder(1, began, bed.settings(1).down_seconds)
    assert held - began > 3 * ADVERT, f"after {held - began:.3f} s: not the keepalived that this case knows"
    seconds = bed.expect(1, "HERE", held, source="address", detail="eth0")
    bed.wait_usable(1)
    return f"held {held - began:.2f} s after keepalived's start; HERE {took(seconds)} later"


@case(nodes=2)
def backup_is_silent(bed):
    """a BACKUP node without the address is healthy, and says nothing"""
    bed.up(1, 2)
    seconds = bed.expect(2, "PEER", time.monotonic(), source="advert", detail=address(1))
    bed.expect(2, "PEER", time.monotonic(), detail="priority 150")
    if bed.agents:
        until(lambda: bed.agents[2].status()[0] == 0, 10, "exit 0 of `gatewake status`")
    since = time.monotonic()
    reach(since + 5)
    heard = len(bed.truth.find(2, "advert", since))
    assert 4 <= heard <= 6 and not bed.truth.find(2, "held"), bed.truth.story(0)
    written = len(bed.truth.find(2, "status", since))
    assert written == 0, f"status.json written {written} times in 5 s{bed.truth.story(since)}"
    bed.expect_quiet(2, since, since + 5, moves=0)
    return f"PEER {took(seconds)}, then {heard} adverts and not a word"


@case(nodes=3)
def stopped(bed):
    """keepalived is stopped: farewell, the next one takes over, one line each and no flap"""
    bed.up(1, 2, 3)
    began = bed.stop(1)
    farewell = bed.truth.wait(2, "advert", began, SLACK, priority=0)
    bed.truth.wait(1, "gone", began, SLACK)
    held, slowest = expect_move(bed, farewell, 2, bed.settings(2).skew_seconds)
    return f"away for {held - began:.2f} s; the last agent knew {took(slowest)} later"


@case(nodes=2)
def farewell_to_nobody(bed):
    """the only keepalived is stopped: nobody has the address, known from its farewell and not from silence"""
    bed.up(1)
    # Talk makes the kernel call the neighbour reachable once more some seconds later, when it has gone.
    bed.network.run(2, "openssl", "s_client", "-connect", f"{bed.vip}:{PORT}")
    began = bed.stop(1)
    farewell = bed.truth.wait(2, "advert", began, SLACK, priority=0)
    gone = bed.truth.wait(1, "gone", began, SLACK)
    seconds = bed.expect(2, "NOBODY", farewell, source="farewell", detail=address(1))
    bed.expect(1, ("NOBODY", "UNKNOWN"), gone)
    bed.expect(1, "NOBODY", gone, ARP)  # its own farewell it does not hear
    line = bed.expect_line(2, farewell, 8, bed.vip, "systemctl")
    reach(farewell + 8)
    wrong = bed.seconds_in(2, ("PEER", "HERE", "DUAL"), farewell, farewell + 8)
    assert wrong <= NOTICE, f"not NOBODY for {wrong:.2f} s{bed.truth.story(farewell)}"
    return f"NOBODY {took(seconds)} after the farewell; “{line or '-'}”"


@case(nodes=3)
def preempted(bed):
    """the node with the higher priority comes back: it takes the address, one line each and no flap"""
    bed.up(2, 3)
    began = bed.start(1)
    held, slowest = expect_move(bed, began, 1, bed.settings(1).down_seconds)
    bed.truth.wait(2, "gone", held - SLACK, 2 * SLACK)
    return f"taken {held - began:.2f} s after its start; the last agent knew {took(slowest)} later"


@case(nodes=2)
def link_down(bed):
    """the holder's cable is pulled: it knows at once, the other one when it takes over"""
    bed.up(1, 2)
    began = time.monotonic()
    bed.network.pull_plug(1)
    down = bed.truth.wait(1, "down", began, SLACK)
    gone = bed.truth.wait(1, "gone", down, SLACK)
    lost = bed.expect(1, ("NOBODY", "UNKNOWN"), gone)
    held = bed.wait_holder(2, began, bed.settings(2).down_seconds)
    taken = bed.expect(2, "HERE", held, source="address", detail="eth0")
    if bed.agents:
        until(lambda: bed.truth.statuses(1, time.monotonic())[-1][1]["vip"]["layer"] == "link", 5,
              f"layer link at node 1{bed.truth.story(began)}")
    return f"gone {gone - began:.2f} s, taken {held - began:.2f} s later; known {took(lost)} and {took(taken)} after"


@case(nodes=3)
def split_brain(bed):
    """keepalived is killed and leaves the address behind, another node takes it: DUAL where that can be known"""
    bed.up(1, 2, 3)
    began = bed.kill(1)
    held = bed.wait_holder(2, began, bed.settings(2).down_seconds)
    heard = bed.truth.wait(1, "advert", began, bed.settings(2).down_seconds + SLACK, **{"from": address(2)})
    seconds = expect_dual(bed, 1, began, heard, 2)
    bed.expect(2, ("HERE", "DUAL"), held)
    bed.expect(3, ("PEER", "DUAL"), held, detail=address(2))
    both_hold(bed, 1, 2)
    again = bed.start(1)  # takes away what it finds
    gone = bed.truth.wait(1, "gone", again, 2 * SLACK)
    over = bed.expect(1, "PEER", gone, ADVERT + NOTICE, source="advert", detail=address(2))
    return f"two hold it {held - began:.2f} s after the kill; DUAL {took(seconds)} after the first advert; " \
           f"over {took(over)} after the end"


@case(nodes=3)
def adverts_lost(bed):
    """a firewall on the holder eats its adverts: another node takes the address as well, and the holder hears it"""
    bed.up(1, 2, 3)
    began = time.monotonic()
    bed.network.drop_adverts(1, "output")
    held = bed.wait_holder(2, began, bed.settings(2).down_seconds)
    heard = bed.truth.wait(1, "advert", began, bed.settings(2).down_seconds + SLACK, **{"from": address(2)})
    seconds = expect_dual(bed, 1, began, heard, 2)
    bed.expect(2, ("HERE", "DUAL"), held)
    bed.expect(3, ("PEER", "DUAL"), held, detail=address(2))
    reach(held + 2)
    both_hold(bed, 1, 2)
    return f"two hold it after {held - began:.2f} s; DUAL {took(seconds)} after the first advert"


@case(nodes=2)
def adverts_unheard(bed):
    """a firewall keeps adverts from a node that can reach the address: silence alone is no proof of nobody"""
    bed.up(1)
    since = time.monotonic()
    bed.network.drop_adverts(2, "input")
    reach(since + SILENCE + 3)
    both_hold(bed, 1)
    wrong = bed.seconds_in(2, ("NOBODY", "DUAL", "HERE"), since, since + SILENCE + 3)
    assert wrong <= NOTICE, f"it was said for {wrong:.2f} s{bed.truth.story(since)}"
    bed.expect_quiet(2, since, since + SILENCE + 3, moves=0)
    return f"no advert for {SILENCE + 3:.0f} s, nobody's for {took(wrong)}, until asked, and not a word"


@case(nodes=2)
def two_adverts_lost(bed):
    """two adverts in a row don't come through: nobody is gone by that"""
    bed.up(1)
    since = bed.truth.wait(2, "advert", time.monotonic(), ADVERT + SLACK)
    bed.expect(2, "PEER", since, source="advert", detail=address(1))
    bed.network.drop_adverts(2, "input")
    reach(since + 2.5 * ADVERT)
    bed.network.pass_adverts(2)
    reach(since + SILENCE + 1)
    lost = bed.truth.find(2, "advert", since + NOTICE, since + 2.5 * ADVERT)
    assert len(lost) == 2, bed.truth.story(since)
    assert not bed.truth.find(2, "status", since + 0.01), bed.truth.story(since)
    bed.expect_quiet(2, since, since + SILENCE + 1, moves=0)


@case(nodes=3)
def cut_off(bed):
    """the holder is gone without a farewell, at two adverts a second: less than 3 s, one line each and no flap"""
    bed.up(1, 2, version=3, advert_seconds=0.5)
    began = time.monotonic()
    bed.network.pull_plug(1)
    held = bed.wait_holder(2, began, bed.settings(2).down_seconds)
    here = bed.expect(2, "HERE", held, source="address", detail="eth0")
    away = bed.expect(3, "PEER", held, source="advert", detail=address(2))
    reach(held + 3)
    for number in (2, 3):
        bed.expect_quiet(number, began, held + 3, moves=1)
    return f"away for {held - began:.2f} s; HERE {took(here)}, PEER {took(away)} after it came"


@case(nodes=2)
def power_cut(bed):
    """the holder is gone without a farewell and nobody follows: known from silence"""
    bed.up(1)
    bed.expect(2, "PEER", time.monotonic(), source="advert", detail=address(1))
    bed.network.pull_plug(1)
    last = bed.truth.find(2, "advert")[-1]["at"]
    seconds = bed.expect(2, "NOBODY", last, SILENCE + NOTICE, source=("silence", *BY_TRYING))
    return f"NOBODY {took(seconds)} after the last advert"


def disagree(bed, settings):
    """Both take what they hear for somebody else's. Who only listens is not to tell of each advert as of a move.

    With a wrong password keepalived 2.2.7 starts its second anew at each advert that it refuses: every second one
    of the two sends, now this one, now that one, and either may be silent for several. So the bounds count from
    what was heard."""
    began = [bed.start(number, **settings[number]) for number in (1, 2)]
    held = [bed.wait_holder(number, began[number - 1], bed.settings(number).down_seconds) for number in (1, 2)]
    heard = {number: hear_again(bed, number, max(held), address(3 - number)) for number in (1, 2)}
    seconds = [expect_dual(bed, number, min(held), heard[number], 3 - number, within=NOTICE) for number in (1, 2)]
    both_hold(bed, 1, 2)
    since = max(*heard.values(), *held) + 2 * ADVERT
    reach(since + 5)
    both_hold(bed, 1, 2)
    bed.expect(3, ("PEER", "DUAL"), since)
    if bed.agents:
        for number in bed.numbers:
            lines = bed.agents[number].since(since, since + 5)
            assert not lines, f"node {number}: {lines}"
            assert len(bed.truth.find(number, "status", since, since + 5)) <= 1, bed.truth.story(since)
    return f"both held it {max(held) - min(began):.2f} s after the start; DUAL {', '.join(map(took, seconds))} " \
           "after the other's second advert"


def hear_again(bed, number, since, other):
    """When that node heard a second advert of the other's: so long after one that it is no matter of crossed ways,
    and not so long that the other may have been gone."""
    def look():
        moments = [event["at"] for event in bed.truth.find(number, "advert", since, **{"from": other})]
        return next((at for at in moments if any(ADVERT / 2 <= at - first < 3 * ADVERT for first in moments)), None)

    return until(look, 20, f"two adverts of {other} at node {number}{bed.truth.story(since)}", every=0.01)


@case(nodes=3)
def wrong_password(bed):
    """two keepalived that don't believe each other: DUAL on both, and no line for each advert"""
    return disagree(bed, {1: {"password": "one"}, 2: {"password": "two"}})


@case(nodes=3)
def wrong_vrid(bed):
    """two keepalived with the same address under two numbers: DUAL on both, and no line for each advert"""
    return disagree(bed, {1: {"vrid": 51}, 2: {"vrid": 52}})


@case(nodes=3)
def unicast(bed):
    """adverts from peer to peer: they are heard there, and a third node goes by what answers"""
    bed.start(2, source=address(2), peers=(address(1),))
    bed.up(1, source=address(1), peers=(address(2),))
    bed.expect(2, "PEER", time.monotonic(), source="advert", detail=address(1))
    bed.expect(3, ("PEER", "UNKNOWN"), time.monotonic())
    stop = bed.stop(1)
    held = bed.wait_holder(2, stop, bed.settings(2).skew_seconds)
    here = bed.expect(2, "HERE", held, source="address", detail="eth0")
    away = bed.expect(1, "PEER", held, ADVERT + NOTICE, source="advert", detail=address(2))
    reach(held + 3)
    for number in (1, 2):
        bed.expect_quiet(number, stop, held + 3, moves=1)
    assert not bed.truth.find(3, "advert"), bed.truth.story(0)
    bed.expect(3, ("PEER", "UNKNOWN"), held + 3)
    if bed.agents:
        assert bed.is_usable(3), bed.truth.story(stop)
    return f"away for {held - stop:.2f} s; HERE {took(here)}, PEER {took(away)} after it came"


@case(nodes=3, vip=VIP6)
def ipv6(bed):
    """an IPv6 address under VRRPv3: start, fail-over, preempted back; the third node has no keepalived"""
    bed.up(1, 2)
    bed.expect(1, "HERE", time.monotonic(), source="address", detail="eth0")
    bed.expect(2, "PEER", time.monotonic(), source="advert", detail=source_of(bed, 1))
    began = bed.stop(1)
    held, slowest = expect_move(bed, began, 2, bed.settings(2).skew_seconds)
    bed.keepalived[1].wait()
    again = bed.start(1)
    back, slowest_back = expect_move(bed, again, 1, bed.settings(1).down_seconds)
    return f"away for {held - began:.2f} s, back after {back - again:.2f} s; known {took(slowest)}, " \
           f"{took(slowest_back)} later"


@case(nodes=3)
def one_after_the_other(bed):
    """three nodes: the first stops, then the second, then the first is back"""
    bed.up(1, 2, 3)
    began = bed.stop(1)
    bed.keepalived[1].wait()
    expect_move(bed, began, 2, bed.settings(2).skew_seconds)
    began = bed.stop(2)
    expect_move(bed, began, 3, bed.settings(3).skew_seconds)
    began = bed.start(1)
    expect_move(bed, began, 1, bed.settings(1).down_seconds)


@case(nodes=2, agent_before=WITHOUT_RAW)
def without_adverts(bed):
    """no CAP_NET_RAW: said once, and addresses and answers tell enough"""
    bed.up(1, 2)
    bed.expect(1, "HERE", time.monotonic(), source="address", detail="eth0")
    bed.expect(2, ("PEER", "UNKNOWN"), time.monotonic(), source=(*BY_TRYING, ""))
    began = bed.stop(1)
    held = bed.wait_holder(2, began, bed.settings(2).skew_seconds)
    seconds = bed.expect(2, "HERE", held, source="address", detail="eth0")
    bed.expect(1, ("PEER", "UNKNOWN", "NOBODY"), held)
    for number in bed.agents:
        said = [line for line in bed.agents[number].since(0) if "CAP_NET_RAW" in line]
        assert len(said) == 1, f"node {number}: {said}"
    return f"HERE {took(seconds)} after the address came"

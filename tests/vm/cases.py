# SPDX-License-Identifier: Apache-2.0
"""What is looked at. Each case gets a machine of its own, furnished and still off; it ends well or raises."""

import datetime
import json
import time

from bed.waiting import until
from machine import HOST
from timeserver import time_server
from world import VIP, World

GATEWAKE = "gatewake.service"
PATIENCE = 120  # all is emulated
CASES = {}


def case(rtc, card=False):
    """card: it gets the image of a card for a Pi, in place of the bare tree."""
    def add(function):
        function.rtc, function.card = rtc, card
        CASES[function.__name__] = function
        return function
    return add


# --- small parts ---

def same(found, expected, what):
    assert found == expected, f"{what}: expected {expected!r}, found {found!r}"


def status(box):
    code, text = box.ask("gatewake status --json")
    assert code in (0, 1), f"gatewake status: exit {code}: {text}"
    return json.loads(text)


def layers(seen):
    return {name: seen["readiness"][name]["layer"] for name in ("local", "vip")}


def since_boot(entry):
    return int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6


def dated(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def between(earlier, later):
    """Seconds, as their senders had it: journald is late when much happens. Not across a step."""
    return (int(later["_SOURCE_REALTIME_TIMESTAMP"]) - int(earlier["_SOURCE_REALTIME_TIMESTAMP"])) / 1e6


def one_line(box, what, *matches):
    """The only entry of gatewake's that matches."""
    found = box.entries(GATEWAKE, *matches)
    same(len(found), 1, f"{what}, in {[entry['MESSAGE'] for entry in found]}")
    return found[0]


def network(box):
    box.write("etc/systemd/network/eth0.network", "[Match]\nName=eth0\n"
              f"[Network]\nAddress={box.address}/24\nIPv6AcceptRA=no\n")
    box.enable("systemd-networkd.service", "systemd-networkd-wait-online.service")


def keepalived(box):
    box.write("etc/keepalived/keepalived.conf", f"""vrrp_instance api {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {{
        {VIP}/32
    }}
}}
""")


def chrony(box):
    """As Debian's, but for the server; it asks more often, so that the test need not wait."""
    box.write("etc/chrony/chrony.conf", f"server {HOST} iburst minpoll 0 maxpoll 1\n"
              "driftfile /var/lib/chrony/chrony.drift\nrtcsync\nmakestep 1 3\n")


# --- the cases ---

@case(rtc="utc")
def the_bed_itself(box):
    """what other cases rely on: exit status, long output, a time limit, and a disk that outlives a power cut"""
    booted = box.boot()
    same(box.ask("echo out; echo err >&2; exit 3"), (3, "out\nerr"), "status and output")
    same(len(box.run("head -c 3000000 /dev/zero | tr '\\0' x")), 3000000, "long output")
    same(box.ask("sleep 60", seconds=1)[0], 124, "status of what takes too long")
    same(box.show("ActiveState", GATEWAKE), "active", "the service")
    first = box.run("sync; cat /proc/sys/kernel/random/boot_id")
    box.cut_power()
    box.power_on()
    again = box.wait_for_boot()
    listed = box.run("journalctl --list-boots --quiet")
    assert first.replace("-", "") in listed, f"{first} is not in the journal:\n{listed}"
    assert first != box.run("cat /proc/sys/kernel/random/boot_id"), "it did not boot again"
    box.power_off()
    return f"boot {booted:.1f} s, after the power cut {again:.1f} s"


@case(rtc="1970-01-02T00:00:00")
def clock_behind(box):
    """a Pi without an RTC: it waits for the clock, does nothing meanwhile, and goes on when the clock is set"""
    today = int(time.time())
    network(box)
    keepalived(box)
    chrony(box)
    world = World(box, vip_seconds=6, issued=today)
    built = int((box.root / "usr/lib/systemd/systemd").stat().st_mtime)  # Debian dates its files like the build
    booted = box.boot()

    # The clock is systemd's build date, and the virtual address is held by this host.
    now, uptime = map(float, box.run("date +%s; cut -d ' ' -f 1 /proc/uptime").splitlines())
    assert abs(now - uptime - built) < 10, f"{uptime} s after the boot it is {now}, and systemd is of {built}"
    assert now < today - 3600, f"it is {now}, and the certificates are of {today}: no clock is behind"
    until(lambda: VIP in box.run("ip -4 -oneline address show dev eth0"), PATIENCE, "the virtual address")

    # It waits for the clock, says so once, and neither judges nor writes while the operator deletes every copy.
    until(lambda: layers(status(box)) == {"local": "clock", "vip": "clock"}, PATIENCE, "the clock's layer")
    until(lambda: world.count("event", "copy deleted") == 3, PATIENCE, "the copies' end")
    seen = status(box)
    same(layers(seen), {"local": "clock", "vip": "clock"}, "layers")
    same([seen["controller"]["verdict"], seen["restarts"]["count"], seen["copies"]["created"]], ["UNKNOWN", 0, 0],
         "verdict, restarts and copies created")
    same(world.count("write"), 0, "writes")
    clock = {way: one_line(box, f"the clock, of {way}", f"GATEWAKE_ENDPOINT={way}", "GATEWAKE_LAYER=clock")
             for way in ("local", "vip")}
    same({entry.get("GATEWAKE_VERDICT", "UNKNOWN") for entry in box.entries(GATEWAKE)}, {"UNKNOWN"}, "verdicts")

    # The clock is set. It goes on, and repairs what is to be repaired.
    with time_server(HOST):
        until(lambda: status(box)["controller"]["verdict"] == "PROVEN", PATIENCE, "the proof")
    stepped = next(entry for entry in box.entries("chrony.service") if "System clock was stepped" in entry["MESSAGE"])
    usable = {way: one_line(box, f"{way} is usable", f"GATEWAKE_ENDPOINT={way}", "GATEWAKE_LAYER=usable")
              for way in ("local", "vip")}
    after = {way: between(stepped, entry) for way, entry in usable.items()}
    assert max(after.values()) < 3, f"usable so long after the step: {after}"
    seen, proven = status(box), box.entries(GATEWAKE, "GATEWAKE_VERDICT=PROVEN")[0]
    same(world.count("write", "DELETE", "/pods/"), 1, "restarts of the operator")
    same(world.count("write", "POST", "/secrets"), 3, "copies created")
    same(world.count("write"), 4, "writes in all")
    same([seen["restarts"]["failed"], seen["copies"]["created"]], [0, 3], "restarts in vain, and copies created")
    for part in (*seen["readiness"].values(), seen["controller"]):
        assert today - 3600 < dated(part["since"]) < time.time() + 60, f"a date of before the step, in {part}"
    began = {name: seen["boot"][name] for name in ("api_usable_s", "tls_proven_s")}
    for name, entry in (("api_usable_s", usable["vip"]), ("tls_proven_s", proven)):
        # The step starts every daily timer: journald is seconds late. A step of months would be another matter.
        assert abs(began[name] - since_boot(entry)) < 10, f"{name}: {began[name]}, {since_boot(entry)} in the journal"
    same(box.show("NRestarts", GATEWAKE), "0", "restarts by systemd")
    return f"boot {booted:.1f} s; of the guest's boot: `clock` " + \
        " ".join(f"{way} {since_boot(entry):.1f} s" for way, entry in clock.items()) + \
        f", step {since_boot(stepped):.1f} s; after it: usable " + \
        " ".join(f"{way} {seconds:.2f} s" for way, seconds in after.items()) + \
        f", proven {between(stepped, proven):.2f} s; {began}"


@case(rtc="utc")
def clock_right(box):
    """a certificate of tomorrow where the clock is known to be right: that is no matter of the clock"""
    network(box)
    chrony(box)
    World(box, vip_seconds=6, issued=int(time.time()) + 25 * 3600)
    with time_server(HOST):
        box.boot()
        until(lambda: "not yet valid" in status(box)["readiness"]["local"]["detail"], PATIENCE, "the certificate")
        seen = status(box)["readiness"]["local"]
    same(seen["layer"], "tls", f"layer, in {seen}")
    same(box.entries(GATEWAKE, "GATEWAKE_LAYER=clock"), [], "entries about the clock")
    same(box.show("NRestarts", GATEWAKE), "0", "restarts by systemd")

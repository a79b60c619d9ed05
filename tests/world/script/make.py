# SPDX-License-Identifier: Apache-2.0
"""Writes steps.jsonl: a script of calls that the simulator (tests/controlplane) and the modelled
control plane (tests/world/plane*.c) must answer alike. script.py says what a step is.

    cd tests && python3 -m world.script.make >world/script/steps.jsonl
"""
from __future__ import annotations

import json
import random

from . import scenes
from .script import Script


def anything(s: Script, seed: int, count: int) -> None:
    """Whatever comes, in any order: the two must not drift where nobody thought of it."""
    chance = random.Random(seed)
    environments = [f"x{seed}{kind}" for kind in "ab"]
    s.environment(environments[0], ttl_ms=3000)
    s.environment(environments[1], ttl_ms=1000, stopped_again=409, acked_again=409,
                  fresh_secrets=True)
    works, beats, waits_until, now = [], ["NO_HEARTBEAT"], 0, 0
    for number in range(count):
        after_ms = chance.choice((0, 0, 1, 1, 10, 50, 200, 200, 700, 1500))
        now += after_ms
        environment = chance.choice(environments)
        what = chance.choice("wwpppppaaaahhhhhhssSrlto")
        if what == "w" or not works:
            session = f"sesn_x{seed}_{chance.randrange(40)}"
            works.append((environment, s.work(environment, session, after_ms,
                                              has_secret=chance.random() < 0.9 or None)))
            continue
        home, work = chance.choice(works[-8:])
        bearer = chance.choice((f"{{{home}.key}}", f"{{{work}.token}}"))
        if what == "p":
            query = chance.choice(("", "", "reclaim_older_than_ms=100", "reclaim_older_than_ms=700",
                                   "block_ms=300", "block_ms=999&reclaim_older_than_ms=250"))
            if "block" in query and now <= waits_until:
                query = ""
            if "block" in query:
                waits_until = now + 1000
            s.poll(environment, after_ms, query=query, worker=chance.choice(("h1", "h2")))
        elif what == "a":
            s.ack(home, work, after_ms, bearer=bearer)
        elif what == "h":
            beats.append(s.beat(home, work, chance.choice(("NO_HEARTBEAT", *beats[-3:])), after_ms,
                                bearer=bearer))
        elif what in "sS":
            s.stop(home, work, after_ms, force=what == "S", bearer=bearer)
        elif what == "r":
            s.add("redeliver", after_ms, work=f"{{{work}.id}}")
        elif what == "l":
            s.list(environment, after_ms, query="limit=7")
        elif what == "t":
            s.stats(environment, after_ms)
        else:
            s.add("options", after_ms, environment=environment,
                  options={"ttl_ms": chance.choice((1000, 2500, 3000))})
    s.quiet(1000)


def make() -> list[dict]:
    s = Script()
    s.environment("e1", ttl_ms=4000)
    s.environment("e2", ttl_ms=2000)
    s.environment("e3", stopped_again=409, acked_again=409, fresh_secrets=True, ttl_ms=2900)
    scenes.a_session_from_poll_to_stop(s)
    scenes.claims_and_reclaims(s)
    scenes.leases(s)
    scenes.one_live_item_per_session(s)
    scenes.redelivery(s)
    scenes.other_answers_to_repeated_calls(s)
    scenes.who_may(s)
    scenes.what_is_malformed(s)
    scenes.what_is_just_and_what_is_not(s)
    scenes.polls_that_wait(s)
    scenes.without_the_wire(s)
    for seed in range(1, 4):
        anything(s, seed, 300)
    s.quiet(2000)
    return s.steps


if __name__ == "__main__":
    for step in make():
        print(json.dumps(step))

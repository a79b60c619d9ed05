# SPDX-License-Identifier: Apache-2.0
"""What the script plays, one scene after the other."""
from __future__ import annotations

from .script import STANDARD, Script


def a_session_from_poll_to_stop(s: Script) -> None:
    s.poll("e1")
    work = s.work("e1", "sesn_a", 10)
    s.stats("e1")
    poll = s.poll("e1", 5, query="beta=true", worker="h1")
    s.stats("e1", 5)
    s.ack("e1", work, 5)
    s.stats("e1")
    beat = s.beat("e1", work, "NO_HEARTBEAT", 7, bearer=f"{{{poll}.token}}")
    beat = s.beat("e1", work, beat, 1000, bearer=f"{{{poll}.token}}")
    s.beat("e1", work, "NO_HEARTBEAT", 1000)
    s.beat("e1", work, "2026-11-22T10:00:00.000000Z")
    beat = s.beat("e1", work, beat, 3)
    s.stop("e1", work, 20, force=False)
    s.list("e1")
    s.beat("e1", work, beat, 20)
    s.beat("e1", work, "anything at all", 20)
    s.stop("e1", work, 20, force=False)
    s.ack("e1", work, 20)
    s.stop("e1", work, 20, force=True, bearer=f"{{{poll}.token}}")
    s.beat("e1", work, beat, 20)
    s.ack("e1", work)
    s.stop("e1", work, 20)
    s.stop("e1", work, 20, force=True)
    s.list("e1")
    s.stats("e1", 29000)
    s.stats("e1", 2000)


def claims_and_reclaims(s: Script) -> None:
    works = [s.work("e2", f"sesn_c{n}", n) for n in range(4)]
    for worker in ("h1", "h2", "h1"):
        s.poll("e2", 1, worker=worker)
    s.stats("e2")
    s.poll("e2", 100, query="reclaim_older_than_ms=200")
    s.poll("e2", 99, query="reclaim_older_than_ms=200")
    s.poll("e2", 1, query="reclaim_older_than_ms=200")
    s.poll("e2", 1, query="reclaim_older_than_ms=200")
    s.poll("e2", 1, query="reclaim_older_than_ms=10000")
    s.poll("e2", 4790)
    s.poll("e2", 1)
    s.poll("e2", 300)
    s.stop("e2", works[1], force=False)
    s.poll("e2", 6000)
    s.stop("e2", works[0], force=True)
    s.poll("e2", 6000)
    s.poll("e2", 0)
    s.poll("e2", 0)
    s.ack("e2", works[2])
    s.ack("e2", works[2], 1)
    s.ack("e2", works[3], 1)
    s.stats("e2", 5)
    s.poll("e2", 60000)
    s.list("e2", 0, query="limit=2")
    s.list("e2", 0, query="limit=2&page=page_2")
    s.list("e2", 0, query="limit=4")
    s.list("e2", 0, query="limit=3&page=page_3")
    s.list("e2", 0, query="page=page_400")
    # Acked and never beaten: for ever, but for a stop.
    s.stop("e2", works[2], 3600000, force=False)
    s.poll("e2", 1)
    s.stop("e2", works[2], 1, force=True)
    s.stop("e2", works[3], 1, force=True)
    s.stop("e2", works[1], 1, force=True)


def leases(s: Script) -> None:
    work = s.work("e1", "sesn_l")
    poll = s.poll("e1")
    s.beat("e1", work, "NO_HEARTBEAT")
    s.beat("e1", work, None)
    s.ack("e1", work, 10)
    beat = s.beat("e1", work, "NO_HEARTBEAT", 10, bearer=f"{{{poll}.token}}")
    s.list("e1", 3999)
    beat = s.beat("e1", work, beat)
    s.list("e1", 3999)
    s.list("e1", 1)
    s.beat("e1", work, beat, 1)
    s.beat("e1", work, "NO_HEARTBEAT", 1)
    s.stats("e1")
    again = s.poll("e1", 1)
    s.ack("e1", work, 1, bearer=f"{{{poll}.token}}")
    s.beat("e1", work, beat, 1)
    beat = s.beat("e1", work, "NO_HEARTBEAT", 1, bearer=f"{{{again}.token}}")
    other = s.beat("e1", work, None, 1)
    s.beat("e1", work, beat)
    beat = s.beat("e1", work, other)
    s.add("options", environment="e1", options={"ttl_ms": 1500})
    beat = s.beat("e1", work, beat, 10)
    s.list("e1", 1499)
    s.list("e1", 1)
    s.add("options", environment="e1", options={"ttl_ms": 4000})
    # A stop that nobody confirms ends the lease's clock.
    s.poll("e1", 1)
    s.ack("e1", work, 1)
    s.beat("e1", work, "NO_HEARTBEAT", 1)
    s.stop("e1", work, 1)
    s.list("e1", 10000)
    s.beat("e1", work, "NO_HEARTBEAT", 1)
    s.list("e1", 10000)
    s.poll("e1")
    s.stop("e1", work, 1, force=True)
    # Stopped while queued, and while it starts.
    work = s.work("e1", "sesn_l", 1)
    s.stop("e1", work, 1)
    s.poll("e1", 10000)
    s.beat("e1", work, "NO_HEARTBEAT")
    s.ack("e1", work)
    s.list("e1")
    s.stop("e1", work, 1, force=True)
    work = s.work("e1", "sesn_l", 1)
    s.poll("e1", 1)
    s.ack("e1", work, 1)
    s.stop("e1", work, 1, force=True)
    s.list("e1", query="limit=1000")


def one_live_item_per_session(s: Script) -> None:
    first = s.work("e1", "sesn_one")
    s.work("e1", "sesn_one")
    s.poll("e1", 1)
    s.ack("e1", first, 1)
    s.work("e1", "sesn_one")
    s.stop("e1", first, 1)
    s.work("e1", "sesn_one")
    s.stop("e1", first, 1, force=True)
    second = s.work("e1", "sesn_one")
    s.work("e1", "sesn_one")
    s.stop("e1", first, 1, force=True)
    s.poll("e1", 1)
    s.stop("e1", second, 1, force=True)
    for number, kind in enumerate(("healthcheck", "from_the_future")):
        work = s.work("e1", f"sesn_{kind}", 1, type=kind, has_secret=number > 0)
        s.poll("e1", 1)
        s.ack("e1", work, 1)
        s.stop("e1", work, 1, force=True)
    work = s.work("e1", "sesn_bare", 1, has_secret=False)
    s.poll("e1", 1)
    s.poll("e1", 6000)
    s.stop("e1", work, 1, force=True)


def redelivery(s: Script) -> None:
    for environment in ("e1", "e3"):
        work = s.work(environment, f"sesn_r_{environment}")
        poll = s.poll(environment, 1)
        s.add("redeliver", 1, work=f"{{{work}.id}}")
        s.poll(environment, 1)
        s.poll(environment, 1)
        s.ack(environment, work, 1, bearer=f"{{{poll}.token}}")
        s.add("redeliver", 1, work=f"{{{work}.id}}")
        s.add("redeliver", 0, work=f"{{{work}.id}}")
        s.poll(environment, 1, query="block_ms=500")
        s.poll(environment, 1)
        s.poll(environment, 1)
        s.beat(environment, work, "NO_HEARTBEAT", 1, bearer=f"{{{poll}.token}}")
        s.add("redeliver", 1, work=f"{{{work}.id}}")
        s.poll(environment, 1)
        s.stop(environment, work, 1, force=True, bearer=f"{{{poll}.token}}")
        s.add("redeliver", 1, work=f"{{{work}.id}}")
        late = s.poll(environment, 1)
        s.ack(environment, work, 1, bearer=f"{{{late}.token}}")
        s.list(environment)


def other_answers_to_repeated_calls(s: Script) -> None:
    """Of e3: 409."""
    work = s.work("e3", "sesn_409")
    s.poll("e3", 1)
    s.ack("e3", work, 1)
    s.ack("e3", work, 1)
    s.beat("e3", work, "NO_HEARTBEAT", 1)
    s.ack("e3", work, 1)
    s.stop("e3", work, 1, force=False)
    s.stop("e3", work, 1, force=False)
    s.ack("e3", work, 1)
    s.stop("e3", work, 1, force=True)
    s.stop("e3", work, 1, force=True)
    s.stop("e3", work, 1)
    s.beat("e3", work, "NO_HEARTBEAT", 1)
    work = s.work("e3", "sesn_409_2")
    s.stop("e3", work, 1, force=True)
    s.ack("e3", work)
    s.poll("e3", 10000)


def who_may(s: Script) -> None:
    mine, other = s.work("e1", "sesn_who"), s.work("e1", "sesn_who_else")
    poll = s.poll("e1", 1)
    token = f"{{{poll}.token}}"
    verbs = [("GET", "/poll"), ("GET", "/stats"), ("GET", ""), ("POST", f"/{{{mine}.id}}/ack"),
             ("POST", f"/{{{mine}.id}}/heartbeat"), ("GET", f"/{{{mine}.id}}"),
             ("POST", f"/{{{mine}.id}}"), ("POST", "/poll"), ("PUT", "/poll"),
             ("GET", f"/{{{mine}.id}}/ack"), ("GET", "/poll/"), ("POST", "/work_x/stop"),
             ("POST", f"/{{{mine}.id}}/stop")]
    for method, path in verbs:
        for bearer in ("", "sk-ant-oat01-wrong", "{e2.key}", f"{{{other}.token}}", token,
                       "{e1.key}"):
            s.call(method, f"/v1/environments/e1/work{path}", bearer,
                   query="expected_last_heartbeat=x" if path.endswith("beat") else "")
    for path in ("/", "/v1", "/v1/environments", "/v1/environments/e1", "/v1/environments/e1/",
                 "/v1/environments/e9/work/poll", f"/v1/environments/e2/work/{{{mine}.id}}/ack",
                 "/v1/environments/e1/work/a/b/c/d/e/f/g", "/v1/environments//work/poll",
                 "/v1/environments/%65%31/work/poll", "/v1/environments/e%31/work/p%6fll",
                 "/v1/environments/e1%2Fwork/work/poll", "/v2/environments/e1/work/poll"):
        s.call("GET", path, "{e1.key}")
        s.call("POST", path, token)
    for headers in ({}, {"anthropic-version": "2023-06-01"}, {"anthropic-beta": "x"},
                    {"Anthropic-Beta": "a,managed-agents-2026-04-01,b"},
                    {**STANDARD, "anthropic-beta": "managed-agents-2026-04-02"},
                    {**STANDARD, "anthropic-beta": "x,managed-agents-2026-04-01"},
                    {**STANDARD, "x-api-key": "sk-ant-api-wrong"}):
        for bearer in ("", "{e1.key}", "{e2.key}", token):
            s.poll("e1", headers=headers, bearer=bearer)
            s.ack("e1", mine, headers=headers, bearer=bearer)
    s.add("options", 5, environment="e1", is_key_rejected=True)
    for _ in range(2):
        s.poll("e1")
        s.list("e1")
        s.stop("e1", mine)
        s.ack("e1", mine, bearer=token)
        s.poll("e2")
        s.poll("e2", bearer="{e1.key}")
        s.add("options", 5, environment="e1", is_key_rejected=False)
    s.stop("e1", mine, force=True)
    s.stop("e1", other, force=True)


def what_is_just_and_what_is_not(s: Script) -> None:
    """The edges of times and of pages."""
    s.environment("e4", ttl_ms=500)
    works = [s.work("e4", f"sesn_j{n}") for n in range(3)]
    for work in works[:2]:
        s.poll("e4", worker="h1")
        s.ack("e4", work)
    # Both lapse, the younger one first: they come back in the order of their age.
    s.beat("e4", works[1], "NO_HEARTBEAT")
    s.beat("e4", works[0], "NO_HEARTBEAT", 10)
    s.beat("e4", works[0], "NO_HEARTBEAT")
    s.list("e4", 489)
    s.list("e4", 1)
    s.list("e4", 9)
    s.list("e4", 1)
    for _ in range(4):
        s.poll("e4", 1)
    # One that is older is queued already when it comes back.
    s.ack("e4", works[1])
    s.beat("e4", works[1], "NO_HEARTBEAT")
    s.quiet(1000)
    for _ in range(3):
        s.poll("e4", 10, query="reclaim_older_than_ms=900")
    # To the millisecond.
    s.poll("e4", 4969)
    s.poll("e4", 10)
    s.poll("e4", 10)
    s.poll("e4", 10)
    s.poll("e4", 1)
    for work in works[:2]:
        s.stop("e4", work, force=True)
    s.add("poll", 5000, environment="e4")
    s.add("poll", 4999, environment="e4")
    s.add("poll", 1, environment="e4")
    s.poll("e4", 1, worker="h2")
    s.stats("e4", 29999)
    s.stats("e4", 1)
    s.stats("e4", 1)
    for n in range(17):
        s.work("e4", f"sesn_p{n}")
    s.list("e4")
    s.work("e4", "sesn_p17")
    s.list("e4")
    s.list("e4", query="page=page_20")
    s.list("e4", query="page=page_21")
    s.list("e4", query="limit=21")


def what_is_malformed(s: Script) -> None:
    work = s.work("e1", "sesn_bad")
    for value in ("0", "1", "999", "1000", "-1", "", "1.5", "0x10", "1e2", "+5", "%205", "000007",
                  "9999999999999999999999", "%31", "1&block_ms=7", "x&block_ms=7"):
        s.poll("e2", query=f"block_ms={value}", after_ms=1000)
    for value in ("0", "1", "-1", "", "5s", "999999999999999", "9999999999999999"):
        s.poll("e2", query=f"reclaim_older_than_ms={value}", after_ms=1)
    for query in ("block_ms", "&&&=&", "block_ms=0&reclaim_older_than_ms=0", "Block_ms=0",
                  "block%5fms=0", "x=1&block_ms=0", "reclaim_older_than_ms=0&block_ms=5"):
        s.poll("e2", query=query, after_ms=1000)
    for query in ("limit=0", "limit=1", "limit=1001", "limit=x", "limit=", "page=", "page=1",
                  "page=page_", "page=page_-1", "page=page_0", "page=page_1234567890",
                  "page=page_999999999", "page=page_0&limit=0", "page=Page_0", "limit=1000",
                  "page=page_1&page=page_2&limit=1", "page=+page_1", "page=page_01"):
        s.list("e2", query=query)
    for body in ("", "{}", "null", "[]", "7", "\"force\"", "{", "{\"force\":}", "true",
                 "{\"force\":null}", "{\"force\":1}", "{\"force\":\"true\"}", "{\"force\":[]}",
                 "{\"Force\":true}", " {\"force\" : false , \"x\":{}} \n", "{\"force\":false}}",
                 "{\"force\":1,\"force\":false}"):
        s.stop("e1", work, 1, body=body)
    s.ack("e1", work, body="this is no JSON")
    s.stop("e1", work, body="{\"force\":false,\"force\":true}")


def polls_that_wait(s: Script) -> None:
    # Nothing happens, or what happens is not for it.
    s.poll("e2", query="block_ms=999", worker="h7")
    s.work("e1", "sesn_w_other", 400)
    s.stats("e2", 100)
    s.poll("e1", 1)
    s.quiet(1000)
    # A new item wakes it.
    s.poll("e2", query="block_ms=999", worker="h7")
    first = s.work("e2", "sesn_w1", 300)
    s.stats("e2")
    # A claim grows old enough.
    s.poll("e2", 100, query="block_ms=900&reclaim_older_than_ms=300")
    s.stats("e2", 150)
    s.poll("e2", 300, query="block_ms=100&reclaim_older_than_ms=1000")
    s.quiet(1000)
    # It is acked before that.
    s.poll("e2", 0, query="reclaim_older_than_ms=1")
    s.poll("e2", 1, query="block_ms=900&reclaim_older_than_ms=300")
    s.ack("e2", first, 100)
    s.quiet(1000)
    # A lease lapses.
    beat = s.beat("e2", first, "NO_HEARTBEAT")
    s.poll("e2", 1500, query="block_ms=999")
    s.quiet(1000)
    # A heartbeat comes before that.
    s.ack("e2", first)
    beat = s.beat("e2", first, "NO_HEARTBEAT")
    s.poll("e2", 1500, query="block_ms=999")
    beat = s.beat("e2", first, beat, 300)
    s.quiet(1000)
    s.poll("e2", 300, query="block_ms=999")
    s.beat("e2", first, beat, 600)
    # Force-stopped before that.
    s.ack("e2", first, 100)
    s.beat("e2", first, "NO_HEARTBEAT")
    s.poll("e2", 1500, query="block_ms=999")
    s.stop("e2", first, 100, force=True)
    s.quiet(1000)
    # Delivered once more, although it is stopped.
    s.poll("e2", 0, query="block_ms=999")
    s.add("redeliver", 77, work=f"{{{first}.id}}")
    s.quiet(1000)
    # Two come at a time.
    s.poll("e2", 0, query="block_ms=999")
    second, third = s.work("e2", "sesn_w2", 5), s.work("e2", "sesn_w3")
    s.poll("e2", 1, query="block_ms=999")
    s.stop("e2", second, 1, force=True)
    s.stop("e2", third, 1, force=True)
    # The key is rejected, or the reply's options change, while it waits.
    s.poll("e2", 0, query="block_ms=999")
    s.add("options", 5, environment="e2", is_key_rejected=True)
    work = s.work("e2", "sesn_w4", 5)
    s.add("options", 5, environment="e2", is_key_rejected=False)
    s.stop("e2", work, 1, force=True)
    # At the last moment, and too late.
    for moment in (998, 999, 1000):
        s.poll("e2", 1000, query="block_ms=999")
        work = s.work("e2", f"sesn_w_{moment}", moment)
        s.stop("e2", work, 1, force=True)
    s.quiet(1000)


def without_the_wire(s: Script) -> None:
    """What a worker and a foreign poller do."""
    work = s.work("e1", "sesn_f")
    target = f"{{{work}.id}}"
    s.add("poll", 1, environment="e1")
    s.add("poll", 1, environment="e1")
    s.add("poll", 200, environment="e1", reclaim_older_than_ms=200)
    s.add("heartbeat", work=target, expected="NO_HEARTBEAT")
    s.add("ack", work=target)
    s.add("ack", work=target)
    beat = s.add("heartbeat", 1, work=target, expected="NO_HEARTBEAT")
    s.add("heartbeat", 1, work=target, expected="NO_HEARTBEAT")
    s.add("heartbeat", 1, work=target, expected=f"{{{beat}.last_heartbeat}}")
    s.add("stop", 1, work=target, force=False)
    s.add("heartbeat", 1, work=target, expected="NO_HEARTBEAT")
    s.add("ack", work=target)
    s.add("stop", 1, work=target, force=True)
    s.add("stop", 1, work=target, force=True)
    s.add("heartbeat", 1, work=target, expected="NO_HEARTBEAT")
    s.add("ack", work="work_of_nobody")
    s.add("stop", work="work_of_nobody", force=True)
    s.add("heartbeat", work="work_of_nobody", expected="NO_HEARTBEAT")
    s.add("poll", 10000, environment="e1")
    s.add("stop", 1, work=f"{{{s.work('e3', 'sesn_f')}.id}}", force=True)

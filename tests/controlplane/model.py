# SPDX-License-Identifier: Apache-2.0
"""The work queue: claims, acks, leases and stops, without a word of HTTP.

One lock guards everything, sessions included. Two conditions share it: `work_available` wakes the
pollers, `changed` wakes those who observe (wait_for). Nothing runs in the background: a lapsed
lease or an elapsed reclaim time takes effect when somebody looks, and pollers look in time.

Where the documents are silent, the model takes the answer that is hardest on an orchestrator:
an item that was acked and never heartbeated stays in `starting` for good, and a plain stop that
nobody confirms stays in `stopping` for good.
"""
from __future__ import annotations

import secrets
import threading

from .clock import Clock, rfc3339
from .sessions import Session
from .work import Environment, Refused, Work, encode_secret, new_id, token_in

DEFAULT_RECLAIM_MS = 5000
WORKERS_POLLING_WINDOW = 30.0


class Model:
    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.work_available = threading.Condition(self.lock)
        self.changed = threading.Condition(self.lock)
        self.environments: dict[str, Environment] = {}
        self.items: dict[str, Work] = {}
        self.open_items: dict[str, Work] = {}
        self._item_of_session: dict[str, Work] = {}
        self.sessions: dict[str, Session] = {}
        self.tokens: dict[str, str] = {}
        self.closed = False
        self._last_stamp = 0.0

    # -- what tests put in -----------------------------------------------------------------------

    def create_environment(self, environment_id: str | None = None, key: str | None = None,
                           **options) -> Environment:
        environment = Environment(environment_id or new_id("env"),
                                  key or "sk-ant-oat01-" + secrets.token_urlsafe(32), **options)
        with self.lock:
            if environment.id in self.environments:
                raise Refused("conflict", f"environment {environment.id} exists")
            self.environments[environment.id] = environment
        return environment

    def add_session(self, session: Session) -> None:
        with self.lock:
            self.sessions[session.id] = session

    def add_work(self, environment_id: str, data: dict, *, work_id: str | None = None,
                 session_id: str | None = None, secret: str = "auto", raw: bytes | None = None,
                 metadata: dict[str, str] | None = None) -> Work:
        """Queue an item. A session has one live item at a time; raw items are exempt."""
        with self.lock:
            self.environment(environment_id)
            if session_id is not None and raw is None and self.live_item(session_id) is not None:
                raise Refused("conflict", f"session {session_id} has a live work item")
            if work_id is not None and work_id in self.items:
                raise Refused("conflict", f"work item {work_id} exists")
            work = Work(work_id if work_id is not None else new_id("work"), environment_id, data,
                        self.clock.wall(), session_id=session_id, raw=raw, metadata=metadata or {},
                        has_id=raw is None or work_id is not None)
            if secret == "auto":
                self._issue_secret(work)
            elif secret != "none":
                work.secret = secret
                work.token = token_in(secret)
                if work.token:
                    self.tokens[work.token] = work.id
            self.items[work.id] = self.open_items[work.id] = work
            if session_id is not None and raw is None:
                self._item_of_session[session_id] = work
            self.work_available.notify_all()
            self.changed.notify_all()
            return work

    def redeliver(self, work_id: str) -> None:
        """Hand the item out once more, at the next poll, whatever its state is."""
        with self.lock:
            work = self.item(work_id)
            self.environments[work.environment_id].redeliveries.append(work.id)
            self.work_available.notify_all()

    def remove(self, work_id: str) -> None:
        with self.lock:
            work = self.item(work_id)
            del self.items[work.id]
            self.open_items.pop(work.id, None)
            if self._item_of_session.get(work.session_id or "") is work:
                del self._item_of_session[work.session_id or ""]
            self.changed.notify_all()

    def close(self) -> None:
        """End every wait, for good."""
        with self.lock:
            self.closed = True
            self.work_available.notify_all()
            self.changed.notify_all()
            for session in self.sessions.values():
                session.arrived.notify_all()

    # -- lookups ---------------------------------------------------------------------------------

    def environment(self, environment_id: str) -> Environment:
        try:
            return self.environments[environment_id]
        except KeyError:
            raise Refused("not_found", "no such environment") from None

    def item(self, work_id: str, environment_id: str | None = None) -> Work:
        with self.lock:
            self._lapse_leases()
            work = self.items.get(work_id)
            if work is None or environment_id not in (None, work.environment_id):
                raise Refused("not_found", "no such work item")
            return work

    def session(self, session_id: str) -> Session:
        with self.lock:
            session = self.sessions.get(session_id)
            if session is None:
                raise Refused("not_found", "no such session")
            return session

    def live_item(self, session_id: str) -> Work | None:
        with self.lock:
            work = self._item_of_session.get(session_id)
            return work if work is not None and work.live else None

    # -- the calls of the protocol ---------------------------------------------------------------

    def poll(self, environment_id: str, worker_id: str | None, block_ms: int | None = None,
             reclaim_older_than_ms: int | None = None) -> tuple[Work, bytes] | None:
        """Claim the oldest item on offer, tentatively, waiting up to block_ms for one.

        Returns the item and the body to send, built in the same breath as the claim.
        """
        reclaim = (reclaim_older_than_ms or DEFAULT_RECLAIM_MS) / 1000
        with self.lock:
            environment = self.environment(environment_id)
            deadline = self.clock.monotonic() + (block_ms or 0) / 1000
            while True:
                if worker_id:
                    environment.workers_seen[worker_id] = self.clock.monotonic()
                work = self._next_on_offer(environment, reclaim)
                if work is not None:
                    return work, self._claim(environment, work, worker_id)
                now = self.clock.monotonic()
                if now >= deadline or self.closed:
                    return None
                wake = min(deadline, self._next_change(environment_id, reclaim, deadline))
                self.clock.wait(self.work_available, max(0.001, wake - now))

    def ack(self, environment_id: str, work_id: str) -> Work:
        with self.lock:
            work = self.item(work_id, environment_id)
            if work.state in ("stopping", "stopped"):
                raise Refused("conflict", f"the work item is {work.state}")
            if work.state != "queued":
                if self.environments[environment_id].acked_again == 409:
                    raise Refused("conflict", f"the work item is {work.state}")
                return work
            work.state = "starting"
            work.acknowledged_at = self.clock.wall()
            work.claimed = None
            self.changed.notify_all()
            return work

    def heartbeat(self, environment_id: str, work_id: str, expected: str | None) -> dict:
        """Extend the lease. `expected` is NO_HEARTBEAT first, then the last reply's string, byte
        for byte; None, which the documents leave open, extends unconditionally."""
        with self.lock:
            work = self.item(work_id, environment_id)
            ttl = self.environments[environment_id].ttl_seconds
            if work.state == "stopped":
                return self._heartbeat_reply(work, ttl, extended=False)
            if work.state != "stopping":
                held = "NO_HEARTBEAT" if work.last_heartbeat is None else work.last_heartbeat
                if work.state == "queued" or expected not in (None, held):
                    raise Refused("precondition", "the lease is not held by this caller",
                                  error_code="heartbeat_precondition_failed",
                                  current_state={"state": work.state,
                                                 "last_heartbeat": work.last_heartbeat,
                                                 "lease_extended": False, "ttl_seconds": int(ttl)})
            now = self._stamp()
            if work.state == "starting":
                work.state, work.started_at = "active", now
            work.latest_heartbeat_at = now
            work.last_heartbeat = rfc3339(now)
            work.lease_until = self.clock.monotonic() + ttl
            self.work_available.notify_all()
            self.changed.notify_all()
            return self._heartbeat_reply(work, ttl, extended=True)

    def stop(self, environment_id: str, work_id: str, force: bool) -> Work:
        with self.lock:
            work = self.item(work_id, environment_id)
            if work.state == "stopped":
                if self.environments[environment_id].stopped_again == 409:
                    raise Refused("conflict", "the work item is stopped")
                return work
            now = self.clock.wall()
            work.stop_requested_at = work.stop_requested_at or now
            work.state = "stopping"
            if force:
                work.state, work.stopped_at = "stopped", now
                self.open_items.pop(work.id, None)
            self.changed.notify_all()
            return work

    def list(self, environment_id: str | None = None) -> list[Work]:
        """All items, of the environment or of every one, stopped ones too, oldest first."""
        with self.lock:
            if environment_id is not None:
                self.environment(environment_id)
            self._lapse_leases()
            return [work for work in self.items.values()
                    if environment_id in (None, work.environment_id)]

    def update_metadata(self, environment_id: str, work_id: str, patch: dict) -> Work:
        with self.lock:
            work = self.item(work_id, environment_id)
            merged = {key: value for key, value in {**work.metadata, **patch}.items()
                      if value is not None}
            work.metadata = merged
            self.changed.notify_all()
            return work

    def stats(self, environment_id: str) -> dict:
        with self.lock:
            environment = self.environment(environment_id)
            self._lapse_leases()
            queued = [work for work in self.open_items.values()
                      if work.environment_id == environment_id and work.state == "queued"]
            oldest = min((work.created_at for work in queued), default=None)
            since = self.clock.monotonic() - WORKERS_POLLING_WINDOW
            return {
                "type": "work_queue_stats",
                "depth": sum(work.claimed is None for work in queued),
                "pending": sum(work.claimed is not None for work in queued),
                "oldest_queued_at": rfc3339(oldest),
                "workers_polling": sum(seen >= since
                                       for seen in environment.workers_seen.values()),
            }

    def receive_events(self, session_id: str, events: list[dict]) -> list[dict]:
        """Take posted events. A user's message or interrupt wakes a session without a live item."""
        with self.lock:
            session = self.session(session_id)
            taken = [session.receive(event) for event in events]
            if any(event["type"] in ("user.message", "user.interrupt") for event in events) \
                    and self.live_item(session_id) is None:
                session.play_again()
                self.add_work(session.environment_id, {"type": "session", "id": session_id},
                              session_id=session_id)
            self.changed.notify_all()
            return taken

    # -- behind the calls ------------------------------------------------------------------------

    def _issue_secret(self, work: Work) -> None:
        work.token = "sk-ant-req-" + secrets.token_urlsafe(32)
        work.secret = encode_secret(work.token)
        self.tokens[work.token] = work.id

    def _next_on_offer(self, environment: Environment, reclaim: float) -> Work | None:
        self._lapse_leases()
        while environment.redeliveries:
            work = self.items.get(environment.redeliveries.pop(0))
            if work is not None:
                return work
        now = self.clock.monotonic()
        for work in self.open_items.values():
            if work.environment_id == environment.id and work.state == "queued":
                if work.claimed is None or now - work.claimed >= reclaim:
                    return work
        return None

    def _claim(self, environment: Environment, work: Work, worker_id: str | None) -> bytes:
        if environment.fresh_secrets and work.offers > 0 and work.token is not None:
            self._issue_secret(work)
        if work.state == "queued":
            work.claimed = self.clock.monotonic()
            work.claimed_by = worker_id
        work.offers += 1
        work.offered_to.append(worker_id or "")
        self.changed.notify_all()
        return work.offer()

    def _next_change(self, environment_id: str, reclaim: float, latest: float) -> float:
        """When time alone may bring this poller an item: a reclaim, or a lapsing lease."""
        for work in self.open_items.values():
            if work.environment_id != environment_id:
                continue
            if work.state == "queued" and work.claimed is not None:
                latest = min(latest, work.claimed + reclaim)
            elif work.state == "active" and work.lease_until is not None:
                latest = min(latest, work.lease_until)
        return latest

    def _lapse_leases(self) -> None:
        now = self.clock.monotonic()
        for work in self.open_items.values():
            if work.state == "active" and work.lease_until is not None and now >= work.lease_until:
                work.state = "queued"
                work.acknowledged_at = work.started_at = work.latest_heartbeat_at = None
                work.last_heartbeat = work.lease_until = None
                work.claimed = work.claimed_by = None
                work.lapses += 1
                self.work_available.notify_all()
                self.changed.notify_all()

    def _stamp(self) -> float:
        """The time, always later than the last stamp, so that no two heartbeats look the same."""
        self._last_stamp = max(self.clock.wall(), self._last_stamp + 0.000002)
        return self._last_stamp

    @staticmethod
    def _heartbeat_reply(work: Work, ttl: float, extended: bool) -> dict:
        return {"type": "work_heartbeat", "last_heartbeat": work.last_heartbeat or "",
                "lease_extended": extended, "state": work.state,
                "ttl_seconds": max(1, int(ttl))}


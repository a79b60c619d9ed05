# SPDX-License-Identifier: Apache-2.0
"""What one side did, as a line of words, and whether that is what a cell of the table says.

A line reads "poll 429, 2 s, poll empty, 1–3 s, poll": calls with what they were answered, and the
pauses between them. Where none stands, the next call follows at once. "…" is a pause of any length.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

from controlplane.log import Record

# A busy machine makes pauses longer, and by the time an answer takes to be noted a little shorter.
AT_ONCE = 0.3
EARLIER = 0.06
LATER = 0.25

PAUSE = re.compile(r"([\d.]+)(?:–([\d.]+))? s")
ANY_PAUSE = "…"

# Steps that are compared only where the cell names them.
ASIDES = ("create", "list")
# That it has ended is noticed late.
ENDS = ("exits", "throws")


@dataclass(frozen=True)
class Event:
    begin: float
    end: float
    text: str


def moment(at: float, text: str) -> Event:
    return Event(at, at, text)


def of_record(record: Record) -> Event:
    """A call to the control plane, and the word for its answer: the script's, if it is from it."""
    answer = record.fault
    if answer is None and record.endpoint == "poll":
        answer = "item" if record.work else "empty"
    elif answer is None and record.status not in (200, 204):
        answer = str(record.status)
    return Event(record.time, record.time + (record.duration or 0.0),
                 f"{_name(record)} {answer or ''}".strip())


def _name(record: Record) -> str:
    if record.endpoint == "stop":
        return "forced stop" if record.body == {"force": True} else "plain stop"
    return record.endpoint if record.endpoint in ("poll", "ack", "list") else "elsewhere"


def line(events: Iterable[Event]) -> str:
    """All that was seen, with every pause as it was measured."""
    words: list[str] = []
    end = None
    for event in events:
        if end is not None and event.begin - end >= EARLIER:
            words.append(f"{event.begin - end:.2f} s")
        words.append(event.text)
        end = event.end
    return ", ".join(words)


def relevant(cell: str, events: list[Event]) -> list[Event]:
    """As many events as the cell has, without those it is silent about."""
    words = cell.split(", ")
    count = sum(not _is_pause(word) for word in words)
    kept = [event for event in events
            if event.text in words or event.text.split()[0] not in ASIDES]
    return kept[:count]


def is_complete(cell: str, events: list[Event]) -> bool:
    """There are enough events to compare with the cell."""
    return len(relevant(cell, events)) == sum(not _is_pause(word) for word in cell.split(", "))


def agrees(cell: str, events: list[Event]) -> bool:
    """The events begin as the cell says; what the last of its calls is answered may be left out."""
    words = cell.split(", ")
    seen = iter(relevant(cell, events))
    pause, end = None, None
    for number, word in enumerate(words, 1):
        if _is_pause(word):
            pause = word
            continue
        event = next(seen, None)
        if event is None:
            return False
        begins_so = number == len(words) and event.text.startswith(f"{word} ")
        if word != event.text and not begins_so:
            return False
        is_timed = end is not None and word.split()[0] not in ENDS
        if is_timed and not _is_within(pause, event.begin - end):
            return False
        pause, end = None, event.end
    return True


def _is_pause(word: str) -> bool:
    return word == ANY_PAUSE or PAUSE.fullmatch(word) is not None


def _is_within(pause: str | None, seconds: float) -> bool:
    if pause == ANY_PAUSE:
        return True
    if pause is None:
        return seconds < AT_ONCE
    found = PAUSE.fullmatch(pause)
    assert found is not None
    least, most = float(found[1]), float(found[2] or found[1])
    return least - EARLIER <= seconds <= most + LATER

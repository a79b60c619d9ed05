# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets where they must not be, in every form in which they could be there."""
from __future__ import annotations

import base64
from typing import Iterable
from urllib.parse import quote


def base64_forms(value: bytes) -> set[str]:
    """What base64 of any text with the value inside contains: one form for each alignment.

    The characters at both ends depend on the neighbours and are left out.
    """
    forms = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value).decode().rstrip("=")
        first = (before * 8 + 5) // 6
        last = (before + len(value)) * 8 // 6
        forms.add(encoded[first:last])
    return forms | {form.replace("+", "-").replace("/", "_") for form in forms}


# Shorter texts are no secrets (an unusable one may be "{}"), and turn up in any random id.
SHORTEST = 8


def forms(secret: str) -> set[str]:
    raw = secret.encode()
    percent = "".join(f"%{byte:02x}" for byte in raw)
    every = {secret, quote(secret, safe=""), percent, percent.upper(), raw.hex(),
             raw.hex().upper()} | base64_forms(raw)
    return {form for form in every if len(form) >= SHORTEST}


class Secrets:
    """A growing set of secrets, and the search for them."""

    def __init__(self) -> None:
        self._forms: dict[str, set[str]] = {}

    def add(self, name: str, values: Iterable[str]) -> None:
        """`name` is how a finding is called, as the values cannot be shown."""
        for value in values:
            if value:
                self._forms.setdefault(name, set()).update(forms(value))

    def found_in(self, text: str) -> set[str]:
        """The names of what the text gives away."""
        return {name for name, every in self._forms.items()
                if any(form in text for form in every)}

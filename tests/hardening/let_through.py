# SPDX-License-Identifier: Apache-2.0
"""What sessions can do although others are refused it, by policy and kind of engine, and why that is
no promise of the policy. Each is asserted: an engine that begins to refuse it fails the test, too."""
from __future__ import annotations

# name of the thing: (policies, kinds of engine, why)
LET_THROUGH: dict[str, list[tuple[str, str, str]]] = {
}


def let_through(thing: str, policy: str, kind: str) -> str:
    """Why, or "" where it must be refused."""
    for policies, kinds, why in LET_THROUGH.get(thing, []):
        if policy in policies.split() and kind in kinds.split():
            return why
    return ""

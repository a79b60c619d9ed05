# SPDX-License-Identifier: Apache-2.0
"""Skills that a session's agent may list, downloaded as a zip wrapped in one top directory."""
from __future__ import annotations

import io
import threading
import zipfile
from dataclasses import dataclass

from .work import Refused

DEMO_SKILL = "skill_demo"


@dataclass
class Skill:
    id: str
    name: str
    description: str
    files: dict[str, str]

    @property
    def version_id(self) -> str:
        return f"{self.id}_v1"

    def archive(self) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in self.files.items():
                archive.writestr(f"{self.name}/{path}", content)
        return buffer.getvalue()


class Skills:
    """The registered skills; `skill_demo` is there from the start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._skills: dict[str, Skill] = {}
        self.add(DEMO_SKILL, "demo")

    def add(self, skill_id: str, name: str, files: dict[str, str] | None = None) -> None:
        description = f"The {name} skill of the simulator."
        files = files or {
            "SKILL.md": f"---\nname: {name}\ndescription: {description}\n---\n\nSay hello.\n",
            "scripts/hello.sh": "#!/bin/sh\necho hello\n",
        }
        with self._lock:
            self._skills[skill_id] = Skill(skill_id, name, description, files)

    def find(self, skill_id: str, version: str) -> Skill:
        with self._lock:
            skill = self._skills.get(skill_id)
        if skill is None or version not in ("latest", skill.version_id):
            raise Refused("not_found", "no such skill version")
        return skill

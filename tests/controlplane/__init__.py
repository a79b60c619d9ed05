# SPDX-License-Identifier: Apache-2.0
"""A control plane for tests: the work queue that berth and the official SDK's worker talk to."""
from .faults import Fault
from .log import Log, Record
from .plane import ControlPlane
from .work import Refused, encode_secret

__all__ = ["ControlPlane", "Fault", "Log", "Record", "Refused", "encode_secret"]

# SPDX-License-Identifier: Apache-2.0
"""The cases, in the order in which they run."""

from . import cordoned, late, quiet, race, sources
from .case import CASES

__all__ = ["CASES", "cordoned", "late", "quiet", "race", "sources"]

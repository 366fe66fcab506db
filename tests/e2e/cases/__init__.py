# SPDX-License-Identifier: Apache-2.0
"""The cases, in the order in which they run."""

from . import cordoned, footprint, held, late, quiet, race, rights, sources
from .case import CASES

__all__ = ["CASES", "cordoned", "footprint", "held", "late", "quiet", "race", "rights", "sources"]

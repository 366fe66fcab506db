# SPDX-License-Identifier: Apache-2.0
"""The cases, in the order in which they run."""

from . import cordoned, quiet, race
from .case import CASES

__all__ = ["CASES", "cordoned", "quiet", "race"]

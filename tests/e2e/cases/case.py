# SPDX-License-Identifier: Apache-2.0
"""What a case is, and what it has to say."""

import dataclasses
import typing

CASES = {}


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    about: str
    needs_agent: bool
    asked_for: bool
    work: typing.Callable


def case(name, needs_agent=True, asked_for=False):
    """Registers a function (bed, agent, report) under NAME; the first line of its text says what it is about. One
    that is asked_for runs only if it is named."""
    def register(work):
        CASES[name] = Case(name, work.__doc__.strip().splitlines()[0], needs_agent, asked_for, work)
        return work
    return register


class Report:
    """Figures and failures. A failed check doesn't end the case: the rest of the figures says why it failed."""

    def __init__(self):
        self.figures = {}
        self.failures = []

    def figure(self, name, value):
        self.figures[name] = round(value, 2) if isinstance(value, float) else value

    def check(self, holds, sentence):
        if not holds:
            self.failures.append(sentence)
        return holds

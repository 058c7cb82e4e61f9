"""What is wrong, one by one: the short reason that names the first, and what two trials have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.model import Symptom

__all__ = ["TOLD", "joined", "reason_of", "shown_by"]

TOLD = 3  # symptoms in a reason; the others are counted, and the reports list them all
_VARYING = re.compile(r"\{\{(\w+):[^{}]*\}\}[^\s,;)]*|\d+")  # marks of secrets, and numbers


def reason_of(symptoms: Sequence[Symptom]) -> str:
    """The first three, and how many there are besides."""
    more = f", and {len(symptoms) - TOLD} more" if len(symptoms) > TOLD else ""
    return "; ".join(symptom.text for symptom in symptoms[:TOLD]) + more


def shown_by(symptoms: Sequence[Symptom]) -> tuple[str, ...]:
    """The observations that show what the reason names."""
    return tuple(dict.fromkeys(id for symptom in symptoms[:TOLD] for id in symptom.shown_by))


def joined(first: Sequence[Symptom], second: Sequence[Symptom]) -> tuple[Symptom, ...]:
    """The symptoms of two trials: those of both, shown by both, then those of the first alone and of the second alone.

    They are told apart by their words, without what differs from trial to trial.
    """
    left = list(second)
    both, alone = list[Symptom](), list[Symptom]()
    for symptom in first:
        again = next((other for other in left if _alike(other) == _alike(symptom)), None)
        if again is None:
            alone.append(symptom)
        else:
            left.remove(again)
            both.append(Symptom(symptom.text, (*symptom.shown_by, *again.shown_by)))
    return (*both, *alone, *left)


def _alike(symptom: Symptom) -> str:
    return _VARYING.sub(lambda found: found[1] or "0", symptom.text)

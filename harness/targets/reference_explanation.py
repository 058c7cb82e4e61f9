"""Where the values of the running reference's configuration came from."""

from __future__ import annotations

from collections.abc import Mapping

from harness.targets.reference_host import ReferenceHost
from reference_impl.config.explain import Explanation, explain_config

__all__ = ["explanations"]


def explanations(host: ReferenceHost) -> Mapping[str, Explanation]:
    """The explanation of each stage, as a server of it would give it."""
    return {stage: explain_config(running.environ) for stage, running in host.reference.stages.items()}

"""How hard the property tests try: everywhere, on a developer's machine, in CI, and when proving."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

PROOF_EXAMPLES = 1_000

# Shared machines are slow in bursts: no deadline, and slow generation is no failure.
_EVERYWHERE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

settings.register_profile("dev", _EVERYWHERE, max_examples=PROOF_EXAMPLES // 20)
settings.register_profile("ci", _EVERYWHERE, max_examples=PROOF_EXAMPLES // 10, derandomize=True)
settings.register_profile("proof", _EVERYWHERE, max_examples=PROOF_EXAMPLES)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

"""Machine suggestions for one image: crop, masks and decision."""

from __future__ import annotations

from curator.proposals.propose import METHOD, propose_image

__all__ = ["METHOD", "propose_image"]

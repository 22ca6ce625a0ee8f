"""Synthetic brain MRI with exact truth: the demo dataset, and images for tests.

Drawn from one freely licensed head (see `resources/demo/NOTICE.md`) by numpy, OpenCV and Pillow alone.
"""

from __future__ import annotations

from curator.synthetic.dataset import COUNT, SEED, generate, render_one

__all__ = ["COUNT", "SEED", "generate", "render_one"]

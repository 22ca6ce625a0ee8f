"""The window. Qt lives here and nowhere else."""

import sys

if sys.platform == "win32":
    # On Windows torch's libraries are found only if they are loaded before Qt's.
    import torch  # noqa: F401

"""Curator: from a raw folder of brain-MRI images to a clean dataset and a trained, reviewed classifier."""

__version__ = "0.1.0"

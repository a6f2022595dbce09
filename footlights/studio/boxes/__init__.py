"""Detectors of one's own: pictures with boxes in, a model that the engine loads out."""

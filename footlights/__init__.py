"""Cameras and music into live interaction, on the device at the edge of the stage."""

__version__ = "0.1.0"

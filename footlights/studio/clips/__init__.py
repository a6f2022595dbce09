"""Movements of one's own from a few clips: a streaming recogniser on what the engine sees already."""

"""The rehearsal: people drawn by our own code, whose joints follow the motion library and whose truth is known."""

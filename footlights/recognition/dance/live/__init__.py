"""The dance as a page: a dancer that one can turn with the mouse, and the music."""

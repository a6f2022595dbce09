"""The pages of a stage: audience, artist, producer."""

"""Pictures and sound, in and out."""

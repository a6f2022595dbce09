"""How several streams run."""

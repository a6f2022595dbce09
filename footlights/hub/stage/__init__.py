"""The stage: an audience that answers the cues of a show, and an artist who sees it answer."""

"""Music becomes dance: a song is heard, a dance planned over a library of phrases, and performed as joints."""

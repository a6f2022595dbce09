"""A server for RTSP (RFC 2326): live H.264 over RTP to players, recorders and other programs."""

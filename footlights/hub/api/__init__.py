"""The hub's interface for programs: HTTP and JSON, described by /api/openapi.json."""

"""One server for a fleet of devices: enrolment, desired state, telemetry, rules."""

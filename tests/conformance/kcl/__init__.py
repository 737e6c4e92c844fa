"""KCL's daemon, played over pipes on virtual time."""

"""KCL's daemon, simulated over pipes on virtual time."""

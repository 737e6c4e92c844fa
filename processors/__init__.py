"""The stages, and the hosts that run them."""

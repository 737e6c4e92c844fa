"""What runs stages: a core that every host shares, and the hosts."""

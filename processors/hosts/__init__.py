"""What runs stages: what every host shares, and the hosts."""

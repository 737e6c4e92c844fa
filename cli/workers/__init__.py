"""`llt workers`: who works on which shard, and how far behind."""

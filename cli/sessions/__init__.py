"""`llt sessions`: the sessions of a pipeline."""

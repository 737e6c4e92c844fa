"""`llt worker`: a stage in production, run by KCL."""

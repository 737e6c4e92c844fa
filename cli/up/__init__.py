"""`llt up`: the whole pipeline on shared streams, in one process or in a KCL worker a stage."""

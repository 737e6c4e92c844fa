"""`llt emulate`: emulators of the services of AWS that the pipeline calls."""

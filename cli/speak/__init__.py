"""`llt speak`: a recording on its way to a session."""

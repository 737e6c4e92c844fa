"""`llt listen`: what an audience gets of a session."""

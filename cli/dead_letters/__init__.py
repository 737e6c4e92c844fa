"""`llt dead-letters`: what the stages of a pipeline could not process."""

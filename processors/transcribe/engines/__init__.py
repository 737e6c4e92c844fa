"""Speech recogniser engines, each imported only when it is chosen."""

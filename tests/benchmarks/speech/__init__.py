"""Speech whose words and their times are known, and recognisers that hear it."""

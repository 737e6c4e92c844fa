"""What the stages' engines have in common."""

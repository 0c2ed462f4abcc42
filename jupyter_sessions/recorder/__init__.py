"""What a kernel says, as commands."""

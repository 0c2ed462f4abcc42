"""What the Python API's session is made of, by what it concerns."""

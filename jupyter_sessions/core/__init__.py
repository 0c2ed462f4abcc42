"""What the operations do, one module a noun: plain functions of an open transaction."""

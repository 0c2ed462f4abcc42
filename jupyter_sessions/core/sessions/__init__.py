"""Sessions: their attributes, members, invitations, guests, presence and events."""

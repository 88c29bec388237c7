"""The service: the one front that owns every request of an account, and the workers behind it."""

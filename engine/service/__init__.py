"""The service: the one front that owns every request of an account, and the workers behind it."""

import logging

# Only the service process has a log; a command that runs a worker itself must not print one.
logging.getLogger("hinterland").addHandler(logging.NullHandler())

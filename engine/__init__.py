"""The engine room: messages in, a stream of events out."""

"""`hint engine build`: a llama-server for this processor, from pinned sources, whole or not at all."""

"""The ctransformers worker: what llama.cpp no longer loads, behind the protocol every worker speaks.

GGML-era `.bin` files and the first GGUF. It has no server of its own, so this package has one.
"""

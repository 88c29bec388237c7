"""Schemas that a worker of llama.cpp (b11549) does not come to the end of, and sensible ones like them."""

from __future__ import annotations

from typing import Any

_LONG = 2**63 - 1  # the largest of Java, Go and Rust
_EXACT = 2**53 - 1  # the largest of JavaScript

ENDLESS: list[dict[str, Any]] = [
    {"type": "integer", "minimum": _LONG},
    {"type": "integer", "minimum": 10**16, "maximum": _LONG},
    {"type": "integer", "minimum": 5 * 10**15 + 7},
    {"type": "integer", "exclusiveMinimum": 5 * 10**15 + 7},
    {"type": "integer", "maximum": -(10**18)},
    {"type": "integer", "exclusiveMaximum": -5 * 10**15 - 7},
    {"type": ["integer", "null"], "minimum": 1e18},
    {"type": "array", "minItems": 10, "maxItems": 5},
    {"type": "string", "minLength": 10, "maxLength": 5},
    {"type": "string", "pattern": "^((a?){0,300}){0,300}$"},
    {"type": "string", "pattern": "^(a*b*c*d*e*f*){30}$"},
]
SENSIBLE: list[dict[str, Any]] = [
    {"type": "integer", "minimum": -_LONG - 1, "maximum": _LONG},
    {"type": "integer", "minimum": 0, "maximum": _LONG},
    {"type": "integer", "minimum": -_EXACT, "maximum": _EXACT},
    {"type": "integer", "minimum": 987_654_321_234_567, "maximum": _LONG},
    {"type": "integer", "exclusiveMinimum": 0},
    {"type": "string", "pattern": "^([a-z]{0,10} ?){0,20}$"},
    {"type": "string", "pattern": "^[A-Z][a-z]{0,200}$"},
    {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "boolean"}},
    {"type": "string", "examples": [{"minLength": 9, "maxLength": 3}]},
    {"type": "object", "properties": {"default": {"const": {"minimum": 2, "maximum": 1}}}},
]

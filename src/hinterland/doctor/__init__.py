"""`hint doctor`: a look over a box that changes nothing. `examination` knows the checks."""

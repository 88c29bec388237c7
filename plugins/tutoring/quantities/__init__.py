"""Units of measure as data, and quantities as people write them."""

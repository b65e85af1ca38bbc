"""Delivery: what is public, what changed, and who must hear of it. Knows none of the other apps."""

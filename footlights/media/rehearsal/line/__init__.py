"""A production line with known truth: drinks cans on a belt, some of which fall over."""

"""Makes the weights by which lines are taken for dangers (`callcenter/understanding/learned/classifiers.py`)."""

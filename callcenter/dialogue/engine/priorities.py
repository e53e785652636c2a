"""How urgently a caller is put through: the queue takes the highest first."""

ORDINARY_PRIORITY = 0
DANGER_PRIORITY = 10

"""Queue priorities of a caller (`ToQueue`); the highest is answered first."""

ORDINARY_PRIORITY = 0
DANGER_PRIORITY = 10

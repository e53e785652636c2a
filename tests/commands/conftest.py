"""An ear that runs already, for the commands that use one."""

from tests.hearing.running_server import ear_program

__all__ = ["ear_program"]

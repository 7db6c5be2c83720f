"""The parts of the lessons' page: a choice, and a lesson's beginning, steps and end."""

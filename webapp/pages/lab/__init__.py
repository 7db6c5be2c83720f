"""Trainings that fail on purpose."""

"""Trainings as processes of their own: started, queued, watched, stopped; no widget is known here."""

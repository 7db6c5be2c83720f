"""Figures, as pure functions of records and numbers, without Streamlit."""

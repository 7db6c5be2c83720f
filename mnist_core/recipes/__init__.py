"""The settings of a training: each declared once, the named ones, and what is built from them."""

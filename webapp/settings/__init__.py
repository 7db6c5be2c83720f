"""The settings of a training: their form, their links, their names."""

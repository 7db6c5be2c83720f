"""The views of a run: each is a tab of the training page, and shows one thing that happens in the network."""

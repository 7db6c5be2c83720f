"""What needs JavaScript or outlives a page: each component's Python with its script and style beside it."""

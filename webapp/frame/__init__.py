"""What every page stands in: the top row with the menu, the page's title, and what is one press away from anywhere."""

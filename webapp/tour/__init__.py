"""The tour: seven cards over the live pages, each of which waits until what it asks for is done."""

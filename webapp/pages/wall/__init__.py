"""The parts of the class's wall: what visitors draw and send, the wall itself, and what can be learnt from it."""

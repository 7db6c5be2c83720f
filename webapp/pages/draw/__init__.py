"""What the drawing page shows below the pad: each view explains, or takes in, the drawing in its own way."""

"""From any picture to the 28×28 pixels of MNIST."""

"""The parts that the plot of the curves is made of."""

"""The work of `regulars score`: a file of purchases in, a file of forecasts out, and a verdict on the terminal."""

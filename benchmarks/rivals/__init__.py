"""Other ways to classify on a microcontroller, as sources that are built and run where the exported library is."""

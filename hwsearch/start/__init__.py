"""A first study of somebody's data: look into the file (`look`), write the study (`write`)."""

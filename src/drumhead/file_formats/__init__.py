"""Reading files of untrusted origin: images and arrays, of limited size, and complete."""

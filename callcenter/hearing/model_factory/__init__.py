"""Builds the centre's own Vosk model: acoustic weights, pronunciations and a language model become a directory."""

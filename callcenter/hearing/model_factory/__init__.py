"""Builds the call center's own Vosk model: a directory of acoustic weights, pronunciations and a language model."""

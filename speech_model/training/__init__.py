"""Makes the acoustic weights of the centre's own speech model: data, training, export, report.

Never runs in the centre, but in an environment of its own (speech_model/requirements.txt): `make model`.
"""

"""The natural experiments of a tracking server: runs that differ in one or two settings.

``facts`` says what a run was trained with, ``levers`` what differs between two runs, ``choose``
which runs are worth reading, ``outcome`` what each reached in as many epochs, ``find`` puts it
together. Nothing here talks to a server: curves are read through a function that the caller brings.
"""

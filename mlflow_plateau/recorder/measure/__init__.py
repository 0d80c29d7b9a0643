"""What is taken while the batches run: one probe per file, put together in ``measurements``.

A probe is told when an epoch begins, of each execution of the train function in it, and when the
training part of the epoch is over, and answers with numbers by name. It may read weights and keep
references to what the train function returned; it may not call the model, compute gradients, wait
for a batch, or hold up the next one.
"""

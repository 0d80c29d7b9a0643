"""A benchmark with counterfactual truth: trainings with injected faults, and healthy ones.

    tasks/ ──> Recipe ──> injected/ ──> model ──> loop ──> case ──> runs.jsonl.gz ──> score, fit
    healthy     all that    one thing    Keras    recorded   truth    committed        numpy only
    trainings   matters     changed      model    training  measured

``python -m benchmarks.faults generate`` trains (TensorFlow); ``score``, ``report`` and ``fit`` read
the committed runs and need nothing but the package itself.
"""

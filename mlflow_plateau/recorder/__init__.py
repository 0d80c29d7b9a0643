"""The recorder: what it takes to diagnose a training is written into its run while it trains.

    autolog ──> after_import ──> fit_hook ──> bracket ──> PlateauCallback ──> Recording
                                 (the seam     (this fit,                     (one fit)
                                  in Keras)     or not?)

A ``Recording`` asks what there is to say: ``describe/`` (the setup, one function per field),
``measure/`` (what is taken between batches, one probe per file), ``study`` (experiments with some
rows). A ``RecordedRun`` writes it, the same way for every framework: ``run_scope`` (which run),
``step_axis`` (which steps), ``curves`` (which names), ``datasets``, ``split_profiles``, ``writer``.

To measure something new, add a probe to ``measure/``; to note something new about the setup, add a
function to ``describe/``. Nothing here may raise into ``fit``, touch the training graph, draw a
random number or iterate the user's data.
"""

"""The core of MedSapiens Studio: data, files, store, models, training and evaluation. Knows nothing of Qt."""

__version__ = "0.1.0"

"""De-identified copies of DICOM images (PS3.15 Basic Profile; docs/adr/0006-deidentification.md)."""

"""Put the groups into an Imaging Measurement Report: TID 1500 in a Comprehensive SR (formats.md 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from highdicom.sr import (
    CodedConcept,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.dataset import Dataset

from medsapiens_core import __version__
from medsapiens_core.exchange import dicom_codes as codes
from medsapiens_core.exchange.batch import Reading
from medsapiens_core.exchange.dicom_library import image_library
from medsapiens_core.exchange.dicom_sr_groups import Group, Source
from medsapiens_core.exchange.spacing_text import areas_to_text
from medsapiens_core.exchange.states import state_of

_PERSON = CodedConcept("121006", "DCM", "Person")
_DEVICE = CodedConcept("121007", "DCM", "Device")
_NAME_LENGTH = 60


@dataclass(frozen=True)
class DocumentSettings:
    """Who makes the report and where it goes.

    `verifier` and `organisation` together, given by an explicit act, make it VERIFIED when a reader has decided every
    landmark. `previous` is the earlier report of the same reading, `number` counts the reports of a series.
    """

    product: str = "MedSapiens Studio"
    series_number: int = 9001
    number: int = 1
    verifier: str = ""
    organisation: str = ""
    previous: Dataset | None = None


def sr_document(source: Source, groups: Sequence[Group], settings: DocumentSettings) -> ComprehensiveSR:
    """The report, ready to be saved. `groups` must not be empty."""
    complete = _is_complete(source)
    verified = complete and source.reading.source == "reader" and bool(settings.verifier and settings.organisation)
    description = series_description(source)
    document = ComprehensiveSR(
        evidence=[source.image.header],
        content=_report(source, groups, settings),
        series_instance_uid=codes.stable_uid("SR", source.project, source.image.header.StudyInstanceUID, description),
        series_number=settings.series_number,
        sop_instance_uid=codes.new_uid(),
        instance_number=settings.number,
        manufacturer=settings.product,
        manufacturer_model_name=settings.product,
        software_versions=__version__,
        series_description=description,
        coding_schemes=[codes.scheme_item()],
        specific_character_set="ISO_IR 192",
        is_complete=complete,
        is_final=verified,
        is_verified=verified,
        verifying_observer_name=person_name(settings.verifier) if verified else None,
        verifying_organization=codes.short_text(settings.organisation) if verified else None,
        previous_versions=[settings.previous] if settings.previous is not None else None,
    )
    document.CompletionFlagDescription = "all landmarks decided" if complete else "not all landmarks are decided"
    return document


def series_description(source: Source) -> str:
    """What a viewer lists; a model's own points say that nobody has reviewed them."""
    kind = "Landmarks" if source.reading.source == "reader" else "Landmarks, not reviewed:"
    return codes.short_text(f"{kind} {source.template.id} v{source.template.version}")


def person_name(name: str) -> str:
    """A reader's name as a DICOM person name. `=` and backslash, which it cannot hold, become blanks."""
    clean = "".join(" " if letter in "=\\" else letter for letter in name if letter.isprintable())[:_NAME_LENGTH]
    return clean if "^" in clean else f"{clean}^"


def _is_complete(source: Source) -> bool:
    return all(state_of(source.reading, landmark).is_decided for landmark in source.template.ids)


def _report(source: Source, groups: Sequence[Group], settings: DocumentSettings) -> MeasurementReport:
    report = MeasurementReport(_observers(source.reading, settings), codes.PROCEDURE, list(groups))
    content = report[0].ContentSequence
    content.insert(len(content) - 1, image_library(source.image, source.reading.image.spacing))
    content.append(_record(source))
    return report


def _observers(reading: Reading, settings: DocumentSettings) -> ObservationContext:
    device = DeviceObserverIdentifyingAttributes(
        uid=codes.stable_uid("device", settings.product, __version__),
        name=settings.product,
        manufacturer_name=settings.product,
        model_name=f"{settings.product} {__version__}",
    )
    person = None
    if reading.source == "reader" and reading.reader:
        attributes = PersonObserverIdentifyingAttributes(name=person_name(reading.reader))
        person = ObserverContext(observer_type=_PERSON, observer_identifying_attributes=attributes)
    return ObservationContext(
        observer_person_context=person,
        observer_device_context=ObserverContext(observer_type=_DEVICE, observer_identifying_attributes=device),
    )


def _record(source: Source) -> ContainerContentItem:
    """What DICOM has no place for, as texts under one heading of our own; viewers show it as text."""
    reading, spacing = source.reading, source.reading.image.spacing
    texts = {
        "TEMPLATE": ("Landmark template", f"{source.template.id}@{source.template.version}"),
        "SOURCE": ("Made by", reading.source),
        "MODEL": ("Model", reading.model_id or ""),
        "REVIEWED": ("Reviewed", "yes" if reading.reviewed else "no"),
        "DECIDED": ("Decided at", reading.decided_utc or ""),
        "REVISION": ("Revision", str(reading.revision)),
        "SPACING": ("Source of the pixel size", spacing.source.value if spacing else ""),
        "SPACING_CHOSEN": ("Pixel size chosen by a person", "yes" if spacing and spacing.chosen else ""),
        "SPACING_AREAS": ("Parts with this pixel size", areas_to_text(spacing.areas) if spacing else ""),
        "NOTE": ("Note", reading.note),
    }
    record = ContainerContentItem(codes.RECORD, relationship_type=RelationshipTypeValues.CONTAINS)
    record.ContentSequence = ContentSequence(
        [
            TextContentItem(codes.own_code(key, meaning), text, RelationshipTypeValues.CONTAINS)
            for key, (meaning, text) in texts.items()
            if text
        ]
    )
    return record

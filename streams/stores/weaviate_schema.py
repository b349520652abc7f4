"""Weaviate's collections: made on purpose by `sigmak store init`, checked whenever a store is opened.

A filing's write is an object of `…Revision`, which says how many chunks it has, and an object of `…Chunk` for
each chunk's vector. The revision is written last: chunks without one are of a write that did not come to its end.
"""

from dataclasses import dataclass

from weaviate import WeaviateClient
from weaviate.classes.config import Configure, DataType, Property, Tokenization, VectorDistances
from weaviate.collections import Collection
from weaviate.collections.classes.config import CollectionConfig
from weaviate.exceptions import UnexpectedStatusCodeError

from streams.stores.protocol import StoreMismatch, VectorSpace

PREFIX = "SigmakRiskFactor"

LAYOUT = "1"
"""Of the properties; another layout is another number, so that no program misreads the collections of the other."""

_FILING = {"ticker": DataType.TEXT, "filing_year": DataType.INT, "form": DataType.TEXT, "revision": DataType.TEXT}

_REVISION = {**_FILING, "chunks": DataType.INT}

_CHUNK = {**_FILING, "number": DataType.INT}

# Read back only: an index of whole texts would be larger than the texts.
_CHUNK_UNINDEXED = {
    "factor_id": DataType.TEXT,
    "factor_start": DataType.INT,
    "factor_chunks": DataType.INT,
    "position": DataType.INT,
    "section": DataType.TEXT,
    "heading": DataType.TEXT,
    "text": DataType.TEXT,
    "category": DataType.TEXT,
    "severity": DataType.NUMBER,
    "novelty": DataType.NUMBER,
}

_ALREADY_EXISTS = 422


@dataclass(frozen=True, slots=True)
class Collections:
    """The two collections of a store."""

    revisions: Collection
    chunks: Collection


def collections(client: WeaviateClient, prefix: str) -> Collections:
    """Both, without asking whether they exist."""
    return Collections(client.collections.use(f"{prefix}Revision"), client.collections.use(f"{prefix}Chunk"))


def create_collections(client: WeaviateClient, space: VectorSpace, prefix: str = PREFIX) -> list[str]:
    """Make those that are missing; returns their names. Another process may make them at the same time."""
    wanted = {
        f"{prefix}Revision": ([*_properties(_REVISION)], None),
        f"{prefix}Chunk": (
            [*_properties(_CHUNK), *_properties(_CHUNK_UNINDEXED, indexed=False)],
            Configure.VectorIndex.hnsw(distance_metric=VectorDistances.COSINE),
        ),
    }
    made = []
    for name, (properties, index) in wanted.items():
        if client.collections.exists(name):
            continue
        try:
            client.collections.create(
                name,
                description=_description(space),
                properties=properties,
                vector_config=Configure.Vectors.self_provided(vector_index_config=index),
            )
        except UnexpectedStatusCodeError as error:
            # Another process was quicker.
            if error.status_code != _ALREADY_EXISTS or not client.collections.exists(name):
                raise
        else:
            made.append(name)
    return made


def check_collections(found: Collections, space: VectorSpace) -> None:
    """Whether this program can read and extend the collections.

    Raises:
        StoreMismatch: where one is missing, of another model or layout, or was changed by hand.
    """
    for collection, properties in (
        (found.revisions, _REVISION),
        (found.chunks, {**_CHUNK, **_CHUNK_UNINDEXED}),
    ):
        if not collection.exists():
            raise StoreMismatch(f"Weaviate has no collection {collection.name}; `sigmak store init` makes it.")
        difference = _difference(collection.config.get(), properties, space)
        if difference:
            raise StoreMismatch(
                f"Weaviate's collection {collection.name} {difference}. "
                "Take another Weaviate, or delete the collection and index the filings again."
            )


def _difference(config: CollectionConfig, properties: dict[str, DataType], space: VectorSpace) -> str | None:
    if config.description != _description(space):
        return f"holds {config.description or 'something else'}; this program takes {_description(space)}"
    there = {each.name: each.data_type for each in config.properties}
    wrong = sorted(name for name, kind in properties.items() if there.get(name) != kind)
    return f"has not the right properties {', '.join(wrong)}" if wrong else None


def _description(space: VectorSpace) -> str:
    return f"risk factors with vectors of {space.model} in {space.dimensions} dimensions, layout {LAYOUT}"


def _properties(kinds: dict[str, DataType], *, indexed: bool = True) -> list[Property]:
    # A ticker is one word for the index: by default ACME.B would be found where ACME is searched.
    return [
        Property(
            name=name,
            data_type=kind,
            index_filterable=indexed,
            index_searchable=False if kind is DataType.TEXT else None,
            tokenization=Tokenization.FIELD if kind is DataType.TEXT else None,
        )
        for name, kind in kinds.items()
    ]

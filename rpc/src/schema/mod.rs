//! Schemas: what an argument may be, and the way from JSON to CBOR and back.

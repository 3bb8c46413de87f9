//! What the output of `#[service]` stands on: dispatch, arguments by name, faults, descriptions.

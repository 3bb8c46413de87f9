//! The services that every server has: reflection, health, statistics, connections.

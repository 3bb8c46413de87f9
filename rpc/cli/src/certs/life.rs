//! For how long something is valid, as several commands take it.

use std::time::Duration;

use clap::Args;

use crate::args::some_time;

#[derive(Debug, Args)]
pub(crate) struct Life {
    /// For how many days it is valid.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// For how long it is valid, with a unit, such as 90m.
    #[arg(long, value_name = "TIME", conflicts_with = "days", value_parser = some_time)]
    valid: Option<Duration>,
}

impl Life {
    /// What was asked for, if anything was.
    pub(super) fn asked(&self) -> Option<Duration> {
        self.days.map(|days| Duration::from_hours(24 * u64::from(days))).or(self.valid)
    }
}

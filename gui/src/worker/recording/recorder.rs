//! Writing a recording: a thread for each, since disks can be slow.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::tap::{Ear, Heard};
use super::{apart, say};
use crate::disk;
use crate::model::connection::Failure;
use crate::model::history::Meter;
use crate::model::recording::format::{Called, Encoder, Event, FILE_MAX, Head, Listed, MAGIC};
use crate::model::recording::{Recorded, RecordingNews, Written};
use crate::text;
use crate::worker::link::Link;
use crate::worker::seat::Voice;

/// What is left of the longest file for its end, which says why in at most four hundred letters.
const END_LEN: u64 = 4096;

/// Begins to record, if nothing is recorded yet: to a new file, of what the tap lets through.
pub(in crate::worker) fn record(path: PathBuf, head: Head, link: Option<Link>, voice: &Voice) {
    let Some(ear) = voice.tap.open() else { return };
    let began = Instant::now();
    let teller = voice.clone();
    let recorder = apart("recording", move || {
        let ended = Tape::create(&path, &head, began, FILE_MAX).and_then(|tape| {
            say(&teller, RecordingNews::Started(path, tape.written.clone()));
            tape.run(&ear)
        });
        say(&teller, RecordingNews::Ended(ended));
    });
    if let Err(failure) = recorder {
        say(voice, RecordingNews::Ended(Err(failure)));
    }
    let tap = voice.tap.clone();
    tokio::spawn(async move {
        if let Some(link) = link
            && let Ok(services) = link.services().await
        {
            tap.list(&services);
        }
    });
}

/// A recording that is being written.
pub(crate) struct Tape {
    path: PathBuf,
    file: File,
    began: Instant,
    bytes: u64,
    /// How many there may be, and whether there was no room for what came next.
    limit: u64,
    is_full: bool,
    written: Written,
    encoder: Encoder,
    meter: Meter,
    services: Option<(Vec<Listed>, bool)>,
    is_lost: bool,
}

impl Tape {
    /// A new file of at most so many bytes. One that is there already may be somebody's work.
    pub(crate) fn create(path: &Path, head: &Head, began: Instant, limit: u64) -> Result<Self, Failure> {
        // Which procedures a server has is not for everybody who uses this machine.
        let file = disk::private().write(true).create_new(true).open(path);
        let file = file.map_err(|error| Failure::new(not_written(path, &error), remedy(&error)))?;
        Self::on(file, path, head, began, limit)
    }

    /// One on a file that is empty.
    pub(super) fn on(
        file: File,
        path: &Path,
        head: &Head,
        began: Instant,
        limit: u64,
    ) -> Result<Self, Failure> {
        let mut tape = Self {
            path: path.to_owned(),
            file,
            began,
            bytes: 0,
            limit,
            is_full: false,
            written: Written::default(),
            encoder: Encoder::default(),
            meter: Meter::default(),
            services: None,
            is_lost: false,
        };
        let begun = tape.append(MAGIC).and_then(|()| tape.write(Event::Head(head.clone())));
        begun.map_err(|error| tape.broke(&error))?;
        Ok(tape)
    }

    /// Writes what is heard until there is to be no more, or no room for more.
    pub(super) fn run(mut self, ear: &Ear) -> Result<Recorded, Failure> {
        let why = loop {
            match ear.next() {
                Some(Heard::Stop(why)) => break why,
                None => break "The window was closed.",
                Some(heard) => match self.hear(heard) {
                    Ok(()) => {}
                    Err(_) if self.is_full => break "The file is full.",
                    Err(error) => return Err(self.broke(&error)),
                },
            }
        };
        let length = self.end(why).map_err(|error| self.broke(&error))?;
        Ok(Recorded { path: self.path, bytes: self.bytes, length, is_full: self.is_full })
    }

    /// Writes down what was heard.
    pub(crate) fn hear(&mut self, heard: Heard) -> io::Result<()> {
        match heard {
            Heard::Snapshot(snapshot, at) => {
                let at = self.since(at);
                match self.meter.step(snapshot) {
                    Some(step) => self.write(Event::Step(at, step)),
                    None => Ok(()),
                }
            }
            Heard::Services(services, names_forbidden) => self.list(services, names_forbidden),
            Heard::Called(mark) => {
                let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                self.write(Event::Called(Called {
                    number: mark.number.0,
                    procedure: mark.procedure,
                    at_ns: ns(self.since(mark.at)),
                    took_ns: ns(mark.took),
                    answered: mark.answered,
                }))
            }
            // Every attempt that fails tells it again.
            Heard::Lost(..) if self.is_lost => Ok(()),
            Heard::Lost(why, at) => {
                self.is_lost = true;
                self.write(Event::Lost(self.since(at), why))
            }
            Heard::Connected(at) if self.is_lost => {
                self.is_lost = false;
                self.write(Event::Regained(self.since(at)))
            }
            Heard::Connected(_) | Heard::Stop(_) => Ok(()),
        }
    }

    /// Writes that this is the end, and has the disk keep it all.
    pub(crate) fn end(&mut self, why: &str) -> io::Result<Duration> {
        let length = self.since(Instant::now());
        let frame = self.frame(Event::Ended(length, why.to_owned()))?;
        self.append(&frame)?;
        self.file.sync_all()?;
        Ok(length)
    }

    /// Lists procedures, unless they are those that were listed last.
    fn list(&mut self, services: Vec<Listed>, names_forbidden: bool) -> io::Result<()> {
        let listed = Some((services, names_forbidden));
        if self.services == listed {
            return Ok(());
        }
        self.services = listed;
        self.write(Event::Listing { names_forbidden })?;
        let services = self.services.iter().flat_map(|(services, _)| services.clone());
        let parts: Vec<Listed> = services.flat_map(Listed::parts).collect();
        parts.into_iter().try_for_each(|part| self.write(Event::Service(part)))
    }

    fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    /// Writes a frame, if there is room for it and for the end behind it.
    fn write(&mut self, event: Event) -> io::Result<()> {
        let frame = self.frame(event)?;
        self.is_full = self.limit < self.bytes + frame.len() as u64 + END_LEN;
        if self.is_full {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.append(&frame)
    }

    fn frame(&mut self, event: Event) -> io::Result<Vec<u8>> {
        let frame = self.encoder.frame(event);
        frame.ok_or_else(|| io::Error::other("the server told more at once than a recording holds"))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // What there is of it would only have to be explained.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        self.written.set(self.bytes);
        Ok(())
    }

    fn broke(&self, error: &io::Error) -> Failure {
        let recorded = text::size(self.bytes as usize);
        let words =
            format!("{}. What was recorded before, {recorded}, is there.", not_written(&self.path, error));
        Failure::new(words, remedy(error))
    }
}

fn not_written(path: &Path, error: &io::Error) -> String {
    format!("{} could not be written: {error}", path.display())
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AlreadyExists => "Choose another name: nothing is overwritten.",
        io::ErrorKind::NotFound => "Choose a folder that exists.",
        io::ErrorKind::PermissionDenied => "Choose a folder that you may write to.",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Make room on the disk, or choose another one."
        }
        _ => "Choose another folder.",
    }
}

//! The records that an export writes, as formats take them.

use std::ops::ControlFlow;

use filedex::{FileRecord, Query, Reader, VersionRef, export};
use filedex_formats::{Record, Vector};
use indicatif::ProgressBar;
use serde_json::Value;

use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress;

/// What is exported.
pub struct Records<'a> {
    pub reader: &'a Reader,
    pub version: &'a VersionRef,
    pub query: &'a Query,
    /// Spaces whose vectors are written, with their dimensions.
    pub spaces: Vec<(String, usize)>,
    pub interrupt: Interrupt,
}

impl Records<'_> {
    /// Gives each record to `see`, without vectors: to find out what there is.
    pub fn survey(&self, bar: &ProgressBar, mut see: impl FnMut(Record)) -> Result<(), Failure> {
        self.each(bar, |record| {
            see(fields(&record));
            Ok(())
        })
    }

    /// Gives each record to `put`.
    pub fn write(
        &self,
        bar: &ProgressBar,
        mut put: impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.each(bar, |file| {
            let mut record = fields(&file);
            for (space, _) in &self.spaces {
                if let Some(values) = self.reader.vector(self.version, &file.id, Some(space))? {
                    record.vectors.push(Vector { space: Some(space.clone()), values });
                }
            }
            put(record)
        })
    }

    /// A bar over the records.
    pub fn bar(&self, output: &Output, doing: &'static str) -> Result<ProgressBar, Failure> {
        let total = self.reader.count(self.version, self.query)?;
        Ok(progress::of_records(output, Some(total), doing))
    }

    fn each(
        &self,
        bar: &ProgressBar,
        mut see: impl FnMut(FileRecord) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for record in self.reader.scan(self.version, self.query)? {
            if self.interrupted().is_break() {
                return Err(Failure::Failed("stopped; nothing was written".to_owned()));
            }
            see(record?)?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn interrupted(&self) -> ControlFlow<()> {
        if self.interrupt.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn fields(record: &FileRecord) -> Record {
    let fields = match export::line(record) {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    Record { fields, vectors: Vec::new() }
}

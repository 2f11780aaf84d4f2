//! Copies: a backup has all that the file has, and a line of an export is the record.

use filedex::{Database, FileRecord, export, import};
use filedex_testkit::oracle::World;
use filedex_testkit::script::Place;

use super::play::{Compared, Player, unexpected};

impl Player {
    pub(super) fn backup(&mut self) -> Compared {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = dir.path().join("copy.filedex");
        self.db().backup_to(&path, |_| true).map_err(unexpected("backup"))?;
        let copy = Database::open_read_only(&path).map_err(unexpected("opening a backup"))?;
        let reader = copy.reader().map_err(unexpected("reading a backup"))?;
        let world = self.world.clone();
        self.compare_catalog(&reader, &world)?;
        for place in world.places() {
            self.compare_records(&reader, &world, &place)?;
        }
        Ok(())
    }

    /// What an import of a record's line makes is the record, but for what every write sets.
    pub(super) fn compare_lines(&mut self, world: &World, at: &Place) -> Compared {
        let Ok(plain) = world.version(at) else { return Ok(()) };
        for record in plain.files.records().iter().filter(|record| record.is_active()) {
            let line = export::line(record).to_string();
            let file = import::parse_line(&line).map_err(|error| format!("{error} in {line}"))?;
            let read = file.into_record(plain.files.dataset_id(), record.sync_time);
            let read = FileRecord {
                record_create_time: record.record_create_time,
                tag_update_time: record.tag_update_time,
                revision_id: record.revision_id.clone(),
                ..read
            };
            self.same("a record of its line", &read, record)?;
        }
        Ok(())
    }
}
